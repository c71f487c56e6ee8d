"""The end of the demo: the lived installation is served on loopback, with addresses and log-ins for whoever looks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from datetime import timedelta

import uvicorn

from linli.entry import worker
from linli.entry.scratch import Scratch
from linli.rehearsal import Rehearsal, Story

TICK, _SECOND = 0.2, timedelta(seconds=1)


def address_of(port: int) -> tuple[str, socket.socket]:
    """Return a loopback address and its listening socket; another free port when the wanted one is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    return f"http://127.0.0.1:{listener.getsockname()[1]}", listener


async def show(made: Scratch, lived: Rehearsal, listener: socket.socket, story: Story) -> None:
    """Serve until interrupted; the clock goes on from where the story ended."""
    server = uvicorn.Server(uvicorn.Config(made.app, log_level="warning", access_log=False, lifespan="off"))
    stop = asyncio.Event()
    beside = [
        asyncio.create_task(_run_clock(made)),
        asyncio.create_task(made.provider.run()),
        asyncio.create_task(worker.work(made.installation, stop)),
    ]
    _tell(made, lived, story)
    try:
        await server.serve(sockets=[listener])
    finally:
        stop.set()
        for task in beside[:2]:
            task.cancel()
        for task in beside:
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _run_clock(made: Scratch) -> None:
    at, began = made.clock.now(), time.monotonic()
    while True:
        made.clock.set(at + (time.monotonic() - began) * _SECOND)
        await asyncio.sleep(TICK)


def _tell(made: Scratch, lived: Rehearsal, story: Story) -> None:
    address = made.installation.config.base_url()
    rows = [
        ("接口", "API", address),
        ("接口文档", "documentation", f"{address}/docs"),
        ("指标", "metrics", f"{address}/metrics"),
        ("短信", "text messages", str(made.installation.config.home / "sms.log")),
    ]
    rows += [(role, f"log-in {login}", password) for login, (role, password) in lived.country.log_ins.items()]
    for town in lived.towns:
        for login, (role, password) in town.log_ins.items():
            rows.append((role, f"{town.region} {login}", password))
        if town.members:
            rows.append(("member", f"{town.region} {town.members[0].phone}", "code by text message"))
    story.figures("请进 come in（仅本机演示，退出即删除 for this machine only, gone at the end）", rows)
    story.say("员工：POST /console/sessions，团长与会员：POST /leader/codes、/app/codes 后看短信文件", "Ctrl-C ends")

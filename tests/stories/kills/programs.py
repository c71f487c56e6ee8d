"""The programs that a kill test starts: the real worker and the real application, with a clock read from a file."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linli.entry import rooms, worker
from linli.entry.channels import put_channels
from linli.entry.web import build_app
from linli.platform.config import Config
from linli.platform.installation import Installation
from linli.platform.telemetry import configure_logs

rooms.load_tables()
rooms.load_work()
rooms.load_routers()
DATABASE_AWAY = 1.0  # how long the queue waits for a lost database; 30 seconds would make a long test
TICK_EVERY, PASS_EVERY = 0.3, 0.05  # so that a test waits for what is due, not for the next look at the clock


class FileClock:
    """A clock that every process of an installation reads from one file; the test writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def now(self) -> datetime:
        """Return the instant in the file."""
        return datetime.fromisoformat(self.path.read_text())

    def set(self, at: datetime) -> None:
        """Set the clock of all processes; nobody ever reads half an instant."""
        half = self.path.with_suffix(".part")
        half.write_text(at.isoformat())
        half.replace(self.path)


class HeldAnswers:
    """An application whose answers to writes never leave while a file stands there: the work is done, nobody knows."""

    def __init__(self, app: ASGIApp, held: Path) -> None:
        self.app, self.held = app, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST" and self.held.exists():
                await asyncio.Event().wait()
            await send(message)

        await self.app(scope, receive, sent if scope["type"] == "http" else send)


def work(given: dict[str, Any]) -> None:
    """Be a worker until killed."""
    _begin(given, "worker")
    worker.TICK_EVERY, worker.PASS_EVERY = TICK_EVERY, PASS_EVERY

    async def run() -> None:
        await worker.work(await _open(given), asyncio.Event())

    asyncio.run(run())


def serve(given: dict[str, Any]) -> None:
    """Be a web server until killed."""
    _begin(given, "server")

    async def run() -> None:
        app = HeldAnswers(build_app(await _open(given)), Path(given["home"]) / "held")
        listen = uvicorn.Config(app, port=given["port"], log_level="critical", access_log=False, lifespan="off")
        await uvicorn.Server(listen).serve()

    asyncio.run(run())


def _begin(given: dict[str, Any], name: str) -> None:
    log = os.open(Path(given["home"]) / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    configure_logs("WARNING")


async def _open(given: dict[str, Any]) -> Installation:
    home = Path(given["home"])
    config = Config(home=home, database_url=given["url"], development=True, port=given["port"], pool_size=12)
    installation = await Installation.open(config, clock=FileClock(home / "clock"))
    put_channels(installation)
    installation.queue.connector.pool.timeout = DATABASE_AWAY  # type: ignore[attr-defined]
    return installation

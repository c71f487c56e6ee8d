"""The processes of a bench: servers started and stopped, and what each used of the processor."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import psutil

from linli.bench.load import Plan

READY_WITHIN = 60.0
SHOOT = "import sys; from linli.bench.load import main; main(sys.argv[1])"


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(command: Sequence[str], port: int, path: str, env: dict[str, str]) -> AsyncIterator[int]:
    """Start a server process, wait until `path` answers, give its process id, stop it at the end."""
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **env}, stdout=asyncio.subprocess.DEVNULL, stderr=None
    )
    try:
        await _ready(process, f"http://127.0.0.1:{port}{path}")
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process, url: str) -> None:
    async with httpx2.AsyncClient() as http:
        loop = asyncio.get_running_loop()
        until = loop.time() + READY_WITHIN
        while loop.time() < until:
            if process.returncode is not None:
                raise RuntimeError(f"the server ended with code {process.returncode} before it was ready")
            with suppress(httpx2.HTTPError):
                if (await http.get(url)).status_code == 200:
                    return
            await asyncio.sleep(0.05)
    raise TimeoutError(f"{url} did not answer within {READY_WITHIN:.0f} s")


async def fire(plan: Plan, folder: Path, watched: dict[str, int]) -> dict[str, Any]:
    """Run the load generator as a process; returns its figures, and the CPU seconds of watched trees as `cpu_of`."""
    path = folder / f"{plan.mark}.json"
    path.write_bytes(msgspec.json.encode(plan))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SHOOT, str(path), stdout=asyncio.subprocess.PIPE, limit=2**20
    )
    assert process.stdout is not None
    before: dict[str, float] = {}
    used: dict[str, float] = {}
    figures: dict[str, Any] = {}
    async for line in process.stdout:
        match line.decode().strip():
            case "began":
                before = {name: cpu_of(pid) for name, pid in watched.items()}
            case "ended":
                used = {name: cpu_of(pid) - before[name] for name, pid in watched.items()}
            case told:
                figures = json.loads(told)
    if await process.wait() != 0:
        raise RuntimeError("the load generator failed")
    return figures | {"cpu_of": used}


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process, its living children, and those it has buried."""
    try:
        process = psutil.Process(pid)
        total = _seconds(process)
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                total += _seconds(child)
    except psutil.NoSuchProcess:
        return 0.0
    return total


def _seconds(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)

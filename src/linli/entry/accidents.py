"""Accidents of a scratch installation: a real worker and the embedded database are killed with -9 and come back."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import Any

import psycopg

from linli.entry.scratch import Scratch
from linli.rehearsal import Mischief

READY_WITHIN = 60.0
RESTARTS = 30


def mischief_for(made: Scratch, seed: int) -> Mischief:
    """Return the mischief of a scratch installation; a database that is not our own is never killed."""

    async def kill_worker(seconds: float) -> bool:
        return await _kill_worker(made, seed, seconds)

    async def kill_database() -> None:
        os.kill(made.server.get_pid(), signal.SIGKILL)

    async def mend() -> None:
        if made.server is not None:
            await _mend(made.server)

    return Mischief(seed, kill_worker, kill_database if made.server is not None else None, mend)


async def _kill_worker(made: Scratch, seed: int, seconds: float) -> bool:
    """Start a worker on the same database and instant and kill it after a moment; False when it was done before."""
    config = made.installation.config
    given = (str(config.home), config.database_url, made.clock.now().isoformat(), str(seed))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "linli.entry.cut_short",
        *given,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), READY_WITHIN)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), seconds)
        return False
    process.kill()
    await process.wait()
    return True


async def _mend(server: Any) -> None:
    """Start the database again when it does not answer; its own recovery takes a moment."""
    for _ in range(RESTARTS):
        if await asyncio.to_thread(_answers, server):
            return
        with suppress(Exception):  # the killed server's children may still be leaving
            await asyncio.to_thread(_start, server)
        await asyncio.sleep(0.2)
    raise RuntimeError("the database did not come back")


def _answers(server: Any) -> bool:
    with suppress(psycopg.Error), psycopg.connect(server.get_uri(), connect_timeout=3) as connection:
        return connection.execute("SHOW server_version").fetchone() is not None
    return False


def _start(server: Any) -> None:
    with server._lock:
        server.ensure_postgres_running()

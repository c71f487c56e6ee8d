"""Opening an installation for a program: schema up to date, channels put in place, everything closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from linli.entry import rooms
from linli.entry.channels import put_channels
from linli.platform.clock import Clock, SystemClock
from linli.platform.config import Config
from linli.platform.database import Database
from linli.platform.installation import Installation, database_address
from linli.platform.migrations import upgrade


async def prepare(config: Config, clock: Clock, tell: Callable[[str], None] = lambda line: None) -> Any:
    """Start the database and bring its schema up to date; returns the embedded server's handle, if there is one."""
    server, url = database_address(config)
    rooms.load_tables()
    db = Database(url, clock)
    try:
        await upgrade(db, clock.now().date(), tell)
    finally:
        await db.close()
    return server


@asynccontextmanager
async def opened(config: Config, clock: Clock | None = None, *, guard: bool = False) -> AsyncIterator[Installation]:
    """Open a prepared installation and close it at the end."""
    the_clock = clock or SystemClock()
    await prepare(config, the_clock)
    rooms.load_work()
    installation = await Installation.open(config, clock=the_clock, guard=guard)
    put_channels(installation)
    try:
        yield installation
    finally:
        await installation.close()

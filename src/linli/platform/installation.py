"""An installation: everything one process needs, opened once and passed around."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import procrastinate

from linli.platform.access import Caller, expiry_of, read_token
from linli.platform.clock import Clock, SystemClock
from linli.platform.config import Config
from linli.platform.database import Database
from linli.platform.embedded import start_embedded
from linli.platform.gathering import Gatherer, Limits, Work
from linli.platform.jobs import Runner, open_queue
from linli.platform.storage import Storage

MOST_CALLERS = 50_000
GATHERING = Limits()


async def _nobody_checks(caller: Caller) -> None:
    """Accept any token that is well signed; `entry` replaces this by the check of revoked sessions."""


@dataclass
class Installation:
    """Configuration, clock, database, queue, files and payment channels of one process."""

    config: Config
    clock: Clock
    db: Database
    queue: procrastinate.App
    storage: Storage
    key: bytes
    channels: dict[str, Any] = field(default_factory=dict)
    server: Any = None
    check_session: Callable[[Caller], Awaitable[None]] = _nobody_checks
    gathering: Limits = field(default_factory=lambda: GATHERING)
    runner: Runner = field(init=False)
    callers: dict[str, tuple[Caller, datetime]] = field(default_factory=dict)
    gatherers: dict[Work, Gatherer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runner = Runner(self)

    @classmethod
    async def open(cls, config: Config, *, clock: Clock | None = None, guard: bool = False) -> Installation:
        """Open an installation: starts the embedded server unless an address is configured; the schema must be up to
        date."""
        server, url = database_address(config)
        the_clock = clock or SystemClock()
        db = Database(url, the_clock, pool_size=config.pool_size, timeout_ms=config.statement_timeout_ms, guard=guard)
        queue = open_queue(url)
        await queue.open_async()
        return cls(config, the_clock, db, queue, Storage.local(config.home / "files"), config.key(), server=server)

    def caller_of(self, token: str) -> Caller:
        """Return the caller that a token proves now; what was verified once is remembered until it expires.

        Refuses SignInNeeded.
        """
        now = self.clock.now()
        known = self.callers.get(token)
        if known is not None and known[1] > now:
            return known[0]
        caller = read_token(self.key, token, now)
        if len(self.callers) >= MOST_CALLERS:
            self.callers.clear()
        self.callers[token] = (caller, expiry_of(token))
        return caller

    def gatherer(self, work: Work) -> Gatherer:
        """Return what gathers the requests of one kind in this process."""
        if work not in self.gatherers:
            self.gatherers[work] = Gatherer(self.db, work, self.gathering)
        return self.gatherers[work]

    async def close(self) -> None:
        """Close connections; the embedded server stops with the last process that uses it."""
        with suppress(Exception):
            await self.queue.close_async()
        await self.db.close()


def database_address(config: Config) -> tuple[Any, str]:
    """Return the embedded server's handle (None for a configured one) and the database address."""
    if config.database_url:
        return None, config.database_url
    config.home.mkdir(parents=True, exist_ok=True)
    return start_embedded(config.home / "postgres")

"""The database of an installation: connections, the one transaction type, and the only commit in the house."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

import psycopg
from sqlalchemy import Result, Select, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from linli.platform.clock import Clock
from linli.platform.manifest import RegionGuard
from linli.platform.sequences import Sequences

if TYPE_CHECKING:
    from linli.kernel.facts import Fact, Wish

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
ATTEMPTS = 3
RETRIED_STATES = {"40001", "40P01"}  # serialization failure, deadlock
APP_ROLE = "linli_app"
NAMED = re.compile(r"(?<!:):([a-z_]+)")


class Hot:
    """A statement that is run thousands of times a second, written with :names and kept ready for the driver."""

    def __init__(self, sql: str) -> None:
        self.sql = NAMED.sub(r"%(\1)s", sql.replace("%", "%%"))


@dataclass
class Tx:
    """An open transaction of one region (0 for reference and global rows) at one instant, on behalf of somebody."""

    connection: AsyncConnection
    region_id: int
    now: datetime
    by: str
    sequences: Sequences
    notes: dict[str, Any] = field(default_factory=dict)
    cache: dict[str, Any] = field(default_factory=dict)  # of the process: only what can never change once committed
    session: AsyncSession | None = None
    driver: psycopg.AsyncConnection[Any] | None = None

    async def quick(self, statement: Hot, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Run a hot statement straight on the driver, in this same transaction, and return its rows."""
        if self.driver is None:
            self.driver = (await self.connection.get_raw_connection()).driver_connection
            assert self.driver is not None
        sync = self.connection.sync_connection
        assert sync is not None
        for see in sync.engine.dispatch.before_cursor_execute:
            see(sync, None, statement.sql, parameters, None, False)
        async with self.driver.cursor() as cursor:
            await cursor.execute(statement.sql, parameters, prepare=True)
            return await cursor.fetchall() if cursor.description else []

    async def execute(self, statement: Any, parameters: Any = None) -> Result[*tuple[Any, ...]]:
        """Run one statement that writes, or reads columns; bypasses the identity map."""
        result: Result[*tuple[Any, ...]] = await self.connection.execute(statement, parameters)
        return result

    async def all(self, statement: Select[T]) -> Sequence[T]:
        """Read mapped rows as snapshots; they are never written back by assignment."""
        return (await self.rows(statement)).scalars().all()

    async def first(self, statement: Select[T]) -> T | None:
        """Read the first mapped row or scalar, or None."""
        return (await self.rows(statement)).scalars().first()

    async def rows(self, statement: Select[*Ts]) -> Result[*Ts]:
        """Read rows of several mapped rows or columns at once."""
        if self.session is None:  # made only for transactions that read mapped rows
            self.session = AsyncSession(bind=self.connection, autoflush=False, expire_on_commit=False)
        return await self.session.execute(statement.execution_options(populate_existing=True))

    async def scalar(self, statement: Any) -> Any:
        """Read the first column of the first row, or None."""
        return (await self.connection.execute(statement)).scalar()

    async def new_id(self, day: date | None = None) -> int:
        """Return a fresh id that carries this region and the day (business date; today in UTC when none is given)."""
        return (await self.new_ids(1, day))[0]

    async def new_ids(self, count: int, day: date | None = None) -> list[int]:
        """Return `count` fresh ascending ids of this region and day."""
        return await self.sequences.take(self.region_id, day or self.now.date(), count)

    async def new_block(self, count: int, day: date) -> int:
        """Return the first of `count` fresh ids of this region and day that follow one another."""
        return await self.sequences.take_block(self.region_id, day, count)

    async def announce(self, *facts: Fact) -> None:
        """Write facts into the region's outbox, in this transaction."""
        from linli.platform.outbox import write_facts

        await write_facts(self, facts)

    async def enqueue(self, *wishes: Wish, due_at: datetime | None = None) -> None:
        """Write wishes into the region's outbox, in this transaction; a job carries them out afterwards."""
        from linli.platform.outbox import write_wishes

        await write_wishes(self, wishes, due_at)


class Database:
    """Engines of one PostgreSQL database; `guard` raises when a transaction writes two regions."""

    def __init__(
        self, url: str, clock: Clock, *, pool_size: int = 20, timeout_ms: int = 60_000, guard: bool = False
    ) -> None:
        self.url = url
        self.clock = clock
        self.guard = guard
        self.cache: dict[str, Any] = {}
        settings = (
            f"-c role={APP_ROLE} -c statement_timeout={timeout_ms} -c lock_timeout=15000 -c timezone=UTC -c jit=off"
        )
        self.engine = create_engine(url, pool_size=pool_size, options=settings)
        self.sequences = Sequences(create_engine(url, pool_size=1, options=settings))
        if guard:
            event.listen(self.engine.sync_engine, "before_cursor_execute", _guard)

    def owner_engine(self) -> AsyncEngine:
        """Return an engine that acts as the owner of the tables, for migrations and partitions; dispose of it."""
        return create_engine(self.url, pool_size=1, options="-c timezone=UTC -c jit=off")

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        await self.sequences.close()

    @asynccontextmanager
    async def transaction(self, region_id: int, *, by: str, now: datetime | None = None) -> AsyncIterator[Tx]:
        """Open a transaction of one region; commits when the block ends; closing the connection unfinished rolls
        back."""
        async with self.engine.connect() as connection:
            if self.guard:
                raw = await connection.get_raw_connection()
                raw.info["guard"] = RegionGuard()
            opened = await connection.begin()
            tx = Tx(connection, region_id, now or self.clock.now(), by, self.sequences, cache=self.cache)
            try:
                yield tx
            finally:
                if tx.session is not None:
                    await tx.session.close()
            await opened.commit()

    async def run(
        self, work: Callable[[Tx], Awaitable[T]], region_id: int, *, by: str, now: datetime | None = None
    ) -> T:
        """Run a whole command in a transaction; deadlocks and serialization failures re-run it, three times at
        most."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.transaction(region_id, by=by, now=now) as tx:
                    return await work(tx)
            except (DBAPIError, psycopg.Error) as error:
                cause = error.orig if isinstance(error, DBAPIError) else error
                if attempt == ATTEMPTS or getattr(cause, "sqlstate", None) not in RETRIED_STATES:
                    raise
                await asyncio.sleep(0.01 * attempt)
        raise AssertionError("unreachable")


def _guard(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    guard = connection.info.get("guard")
    if guard is not None:
        guard.see(statement, parameters)


def create_engine(url: str, *, pool_size: int, options: str = "") -> AsyncEngine:
    """Create an engine for a `postgresql://` address with psycopg and the given session options."""
    address = url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    return create_async_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=False,
        connect_args={"options": options, "application_name": "linli"} if options else {},
    )

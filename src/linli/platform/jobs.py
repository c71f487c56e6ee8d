"""Jobs: wishes leave the outbox for the queue, a worker carries them out with no transaction open, failures come back
or are parked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import procrastinate
import structlog

from linli.kernel.facts import Wish
from linli.platform import outbox
from linli.platform.database import Database, Tx

if TYPE_CHECKING:
    from linli.platform.installation import Installation

W = TypeVar("W", bound=Wish)
Carrier = Callable[["Installation", int, Any], Awaitable[None]]
carriers: dict[str, Carrier] = {}
UNTIL_EMPTY: Any = {
    "wait": False, "install_signal_handlers": False, "listen_notify": False, "delete_jobs": "successful"
}  # fmt: skip
log = structlog.get_logger()


def carries(
    wish: type[W],
) -> Callable[[Callable[[Installation, int, W], Awaitable[None]]], Callable[[Installation, int, W], Awaitable[None]]]:
    """Register the job `(installation, region_id, wish)` that carries out a wish; it opens its own transactions and
    must be idempotent."""

    def register(
        carrier: Callable[[Installation, int, W], Awaitable[None]],
    ) -> Callable[[Installation, int, W], Awaitable[None]]:
        carriers[wish.name] = carrier
        return carrier

    return register


def open_queue(url: str) -> procrastinate.App:
    """Return the job queue of a database; its tables live in the schema `jobs`."""
    connector = procrastinate.PsycopgConnector(
        conninfo=url,
        min_size=1,
        max_size=4,
        kwargs={"options": "-c search_path=jobs -c role=linli_app -c timezone=UTC"},
    )
    return procrastinate.App(connector=connector)


class Runner:
    """Moves facts to their reactions and wishes to the job queue, and works the queue."""

    def __init__(self, installation: Installation, carry: Any = None) -> None:
        self.installation = installation
        self.db: Database = installation.db
        self.queue = installation.queue
        self.carry = carry or self.queue.task(name="carry_wish", queue="wishes")(self._carry)

    @classmethod
    def beside(cls, other: Runner) -> Runner:
        """Return a second runner on the same installation, as another worker process would be."""
        return cls(other.installation, other.carry)

    async def drain(self, *, regions: list[int] | None = None, at_once: int = 1) -> int:
        """Run everything that is due until it is quiet; returns how many rows ran.

        One by one it is deterministic: outbox in id order, then jobs; with `at_once` so many go side by side.
        """
        total = 0
        while True:
            ran = await self.pass_outbox(regions, at_once=at_once)
            await self.queue.run_worker_async(concurrency=at_once, **UNTIL_EMPTY)
            if not ran:
                return total
            total += ran

    async def pass_outbox(self, regions: list[int] | None = None, *, at_once: int = 1) -> int:
        """Run one round over the due rows of the given (or all) regions, `at_once` side by side; returns how many."""
        if regions is None:
            async with self.db.transaction(0, by="system:outbox") as tx:
                regions = await outbox.regions_with_due(tx)
        ran = 0
        for region_id in regions:
            async with self.db.transaction(region_id, by="system:outbox") as tx:
                rows = await outbox.due_rows(tx)
            for start in range(0, len(rows), at_once):
                some = rows[start : start + at_once]
                await asyncio.gather(*(self._react(row) if row.kind == "fact" else self._queue(row) for row in some))
            ran += len(rows)
        return ran

    async def _react(self, row: outbox.OutboxRow) -> None:
        whole = True
        for reaction in outbox.reactions.get(row.name, []):
            whole = await self._react_once(row, reaction) and whole
        if whole:
            await self._mark(row.region_id, row.id, "done")

    async def _react_once(self, row: outbox.OutboxRow, reaction: outbox.Reaction) -> bool:
        name = outbox.reaction_name(reaction)

        async def once(tx: Tx) -> bool:
            if await outbox.lock_row(tx, row.id) is None:
                return False  # another runner is at it, and will mark it
            if await outbox.first_time(tx, row.id, name):
                await reaction(tx, outbox.decode(row))
            return True

        try:
            return await self.db.run(once, row.region_id, by=f"reaction:{name}")
        except Exception as error:  # a failing reaction must not stop the others; it is counted, retried and parked
            await self._fail(row, name, error, outbox.PATIENCE)
            return False

    async def _queue(self, row: outbox.OutboxRow) -> None:
        lock = f"{row.region_id}:{row.id}"
        with suppress(procrastinate.exceptions.AlreadyEnqueued):  # an earlier runner died between queueing and marking
            await self.carry.configure(queueing_lock=lock).defer_async(region_id=row.region_id, row_id=row.id)
        await self._mark(row.region_id, row.id, "queued", row.attempts)

    async def _carry(self, region_id: int, row_id: int) -> None:
        async with self.db.transaction(region_id, by="system:jobs") as tx:
            row = await outbox.wished_row(tx, row_id)
        if row is None:
            return
        try:
            await carriers[row.name](self.installation, region_id, outbox.decode(row))
        except Exception as error:  # whatever the outside world did: counted, retried with backoff, parked
            await self._fail(row, row.name, error, Wish.registry[row.name].patience)
            return
        await self._mark(region_id, row_id, "done")

    async def _fail(self, row: outbox.OutboxRow, what: str, error: Exception, patience: int) -> None:
        async with self.db.transaction(row.region_id, by="system:outbox") as tx:
            status = await outbox.note_failure(tx, row.id, f"{what}: {type(error).__name__}: {error}", patience)
        level = log.error if status == "parked" else log.warning
        level(
            "outbox_failure", what=what, row=str(row.id), status=status, error=str(error), exc_info=status == "parked"
        )

    async def _mark(self, region_id: int, row_id: int, status: str, attempts: int = 0) -> None:
        async with self.db.transaction(region_id, by="system:outbox") as tx:
            await outbox.mark(tx, row_id, status, attempts=attempts)

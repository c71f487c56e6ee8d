"""Jobs: wishes leave the outbox for the queue, a worker carries them out with no transaction open, failures come back
or are parked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import procrastinate
import structlog
from procrastinate.jobs import Status

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
STALLED_AFTER = 300.0  # seconds without a sign of life; a worker gives one every ten
KEPT_HOURS = 24
JOBS_WAIT = "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE status = 'todo') AS waits"
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
            if await self._jobs_wait():  # starting a queue worker costs ten statements, so it is asked first
                await self.queue.run_worker_async(concurrency=at_once, **UNTIL_EMPTY)
            if not ran:
                return total
            total += ran

    async def _jobs_wait(self) -> bool:
        return bool((await self.queue.connector.execute_query_one_async(JOBS_WAIT))["waits"])

    async def pass_outbox(self, regions: list[int] | None = None, *, at_once: int = 1) -> int:
        """Run one round over the due rows of the given (or all) regions, `at_once` side by side; returns how many."""
        if regions is None:
            async with self.db.transaction(0, by="system:outbox") as tx:
                regions = await outbox.regions_with_due(tx)
        ran = 0
        for region_id in regions:
            async with self.db.transaction(region_id, by="system:outbox") as tx:
                rows = await outbox.due_rows(tx)
            await self._queue([row for row in rows if row.kind == "wish"])
            facts = [row for row in rows if row.kind == "fact"]
            for start in range(0, len(facts), at_once):
                await asyncio.gather(*(self._react(row) for row in facts[start : start + at_once]))
            ran += len(rows)
        return ran

    async def sweep(self) -> int:
        """Delete the jobs of killed workers, whose wishes are queued anew, and those that ended a day ago.

        Returns how many killed workers' jobs there were; safe to repeat and beside other workers.
        """
        manager = self.queue.job_manager
        stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER))
        for job in stalled:
            await manager.finish_job(job, Status.FAILED, delete_job=True)
        await manager.delete_old_jobs(KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True)
        return len(stalled)

    async def _react(self, row: outbox.OutboxRow) -> None:
        whole = True
        listed = outbox.reactions.get(row.name, [])
        for place, reaction in enumerate(listed, 1):
            whole = await self._react_once(row, reaction, ends=whole and place == len(listed)) and whole
        if not listed:
            await self._done(row.region_id, row.id)

    async def _react_once(self, row: outbox.OutboxRow, reaction: outbox.Reaction, *, ends: bool) -> bool:
        """Run one reaction in a transaction of its own; where it ends the row, the row is done with it."""
        name = outbox.reaction_name(reaction)

        async def once(tx: Tx) -> bool:
            mine, first = await outbox.begin_reaction(tx, row.id, name)
            if not mine:
                return False  # another runner is at it, and will mark it
            if first:
                await reaction(tx, outbox.decode(row))
            if ends:
                await outbox.mark_done(tx, row.id)
            return True

        try:
            return await self.db.run(once, row.region_id, by=f"reaction:{name}")
        except Exception as error:  # a failing reaction must not stop the others; it is counted, retried and parked
            await self._fail(row, name, error, outbox.PATIENCE)
            return False

    async def _queue(self, rows: list[outbox.OutboxRow]) -> None:
        """Put wishes of one region into the queue, all with one statement, and mark them queued."""
        if not rows:
            return
        jobs = [
            self.carry.configure(queueing_lock=f"{row.region_id}:{row.id}").make_new_job(
                region_id=row.region_id, row_id=row.id
            )
            for row in rows
        ]
        try:
            await self.queue.job_manager.batch_defer_jobs_async(jobs)
        except procrastinate.exceptions.AlreadyEnqueued:  # an earlier runner died between queueing and marking
            for job in jobs:
                with suppress(procrastinate.exceptions.AlreadyEnqueued):
                    await self.queue.job_manager.batch_defer_jobs_async([job])
        async with self.db.transaction(rows[0].region_id, by="system:outbox") as tx:
            await outbox.mark_queued(tx, {row.id: row.attempts for row in rows})

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
        await self._done(region_id, row_id)

    async def _fail(self, row: outbox.OutboxRow, what: str, error: Exception, patience: int) -> None:
        async with self.db.transaction(row.region_id, by="system:outbox") as tx:
            status = await outbox.note_failure(tx, row.id, f"{what}: {type(error).__name__}: {error}", patience)
        level = log.error if status == "parked" else log.warning
        level(
            "outbox_failure", what=what, row=str(row.id), status=status, error=str(error), exc_info=status == "parked"
        )

    async def _done(self, region_id: int, row_id: int) -> None:
        async with self.db.transaction(region_id, by="system:outbox") as tx:
            await outbox.mark_done(tx, row_id)

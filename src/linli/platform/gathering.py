"""Group commit: requests of one kind that arrive together are done in one transaction, each with its own answer.

Nothing waits by the clock: while one batch of a region is in flight the next one gathers. A single request is a batch
of one. A batch never spans regions. The answers are stored under their Idempotency-Keys in the same transaction, so a
client that lost its answer gets it by asking again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from linli.kernel.refusals import Refusal, UpstreamTrouble
from linli.platform import idempotency
from linli.platform.database import Database, Tx

TWIN_ATTEMPTS = 5


class Work(Protocol):
    """Does a batch of wishes in one transaction, and answers each with its encoded answer or its refusal."""

    def __call__(self, tx: Tx, *, wishes: Sequence[Any]) -> Awaitable[Sequence[bytes | Refusal]]:
        """Do the batch."""


class Overloaded(UpstreamTrouble):
    """More requests wait than can be answered soon; the same request may be sent again; facts: retry_after (s)."""

    title = "系统繁忙，请稍后再试"


class _TwinElsewhere(Exception):
    """Another process stored the answer of one of these keys meanwhile."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests one batch takes, how many may wait in a region, how many batches are in flight in it."""

    largest: int = 256
    waiting: int = 4_096
    lanes: int = 1


@dataclass(slots=True, eq=False)
class Errand:
    """One request that waits: who asks under which key, a digest of the request, what is wanted, and its answer."""

    caller: str
    key: str
    request: bytes
    wish: Any
    answer: asyncio.Future[tuple[bytes, bool]]


@dataclass(slots=True)
class _Region:
    queue: deque[Errand] = field(default_factory=deque)
    lanes: int = 0
    in_flight: set[tuple[str, str]] = field(default_factory=set)


class Gatherer:
    """Takes requests of one kind and does what has arrived in one transaction a region."""

    def __init__(self, db: Database, work: Work, limits: Limits = Limits()) -> None:
        self._db = db
        self._work = work
        self._limits = limits
        self._regions: dict[int, _Region] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, region_id: int, *, caller: str, key: str, request: bytes, wish: Any) -> tuple[bytes, bool]:
        """Return the answer to a request, and whether it was stored before; refuses Overloaded, IdempotencyKeyReused
        and what the work refuses."""
        region = self._regions.setdefault(region_id, _Region())
        if len(region.queue) >= self._limits.waiting:
            raise Overloaded("too many orders are waiting", retry_after=1)
        errand = Errand(caller, key, request, wish, asyncio.get_running_loop().create_future())
        region.queue.append(errand)
        if region.lanes < self._limits.lanes:
            region.lanes += 1
            task = asyncio.create_task(self._serve(region_id, region))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await errand.answer

    async def _serve(self, region_id: int, region: _Region) -> None:
        try:
            while region.queue:
                batch = self._next(region)
                if not batch:  # twins of what another lane is doing; it will have stored their answer
                    await asyncio.sleep(0.001)
                    continue
                keys = {(errand.caller, errand.key) for errand in batch}
                region.in_flight |= keys
                try:
                    await self._settle(region_id, batch)
                finally:
                    region.in_flight -= keys
        finally:
            region.lanes -= 1

    def _next(self, region: _Region) -> list[Errand]:
        """Take what waits, at most the largest batch; the twin of a request in it waits for the next one."""
        batch: list[Errand] = []
        later: list[Errand] = []
        keys = set(region.in_flight)
        while region.queue and len(batch) < self._limits.largest:
            errand = region.queue.popleft()
            if (errand.caller, errand.key) in keys:
                later.append(errand)
                continue
            keys.add((errand.caller, errand.key))
            batch.append(errand)
        region.queue.extendleft(reversed(later))
        return batch

    async def _settle(self, region_id: int, batch: list[Errand]) -> None:
        """Answer every request of a batch; when the batch fails as a whole, each is tried alone."""
        try:
            answers = await self._once(region_id, batch)
        except Exception as error:
            if len(batch) > 1:
                for errand in batch:
                    await self._settle(region_id, [errand])
            elif not batch[0].answer.done():
                batch[0].answer.set_exception(error)
            return
        for errand, answer in zip(batch, answers, strict=True):
            if errand.answer.done():  # whoever asked has gone; the answer is stored
                continue
            if isinstance(answer, Refusal):
                errand.answer.set_exception(answer)
            else:
                errand.answer.set_result(answer)

    async def _once(self, region_id: int, batch: list[Errand]) -> list[tuple[bytes, bool] | Refusal]:
        for attempt in range(TWIN_ATTEMPTS):
            try:
                return await self._db.run(partial(self._do, batch), region_id, by="gathered")
            except _TwinElsewhere:
                await asyncio.sleep(0.005 * attempt)
        raise Overloaded("the same requests are sent again and again", retry_after=1)

    async def _do(self, batch: list[Errand], tx: Tx) -> list[tuple[bytes, bool] | Refusal]:
        answers: list[tuple[bytes, bool] | Refusal | None] = []
        stored = await idempotency.stored_answers(tx, [(errand.caller, errand.key) for errand in batch])
        for errand in batch:
            before = stored.get((errand.caller, errand.key))
            if before is None:
                answers.append(None)
            elif before[0] != errand.request:
                answers.append(idempotency.IdempotencyKeyReused(key=errand.key))
            else:
                answers.append((before[1], True))
        fresh = [at for at, answer in enumerate(answers) if answer is None]
        done = await self._work(tx, wishes=[batch[at].wish for at in fresh]) if fresh else []
        kept = []
        for at, answer in zip(fresh, done, strict=True):
            if isinstance(answer, Refusal):
                answers[at] = answer
            else:
                answers[at] = (answer, False)
                kept.append((batch[at].caller, batch[at].key, batch[at].request, answer))
        if not await idempotency.keep_answers(tx, kept):
            raise _TwinElsewhere
        return [answer for answer in answers if answer is not None]

"""What goes wrong on purpose: the provider's bad days, a worker and the database killed in the middle of work."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

# How often what goes wrong at the provider, in basis points; see its Faults.
RATES = {
    "double": 1_500, "late": 1_200, "out_of_order": 800, "wrong_amount": 300, "lost_answer": 400, "refuse_refund": 500,
    "fail_refund": 200, "slow_refund": 800,
}  # fmt: skip
WORKER_KILLS, DATABASE_KILLS = 2_000, 2_000  # of the stages of a day, in basis points


@dataclass
class Mischief:
    """Draws from a seed whether a real worker process or the database is killed, and mends it again."""

    seed: int
    kill_worker: Callable[[float], Awaitable[bool]]
    kill_database: Callable[[], Awaitable[None]] | None
    mend: Callable[[], Awaitable[None]]
    worker_kills: int = WORKER_KILLS
    database_kills: int = DATABASE_KILLS
    done: Counter[str] = field(default_factory=Counter)
    _random: random.Random = field(init=False)
    _worker: bool = False
    _database: bool = False
    _pending: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(f"mischief-{self.seed}")

    def arm(self, *, worker: bool = False, database: bool = False) -> None:
        """Draw at the beginning of a stage what is to happen in it; or be told that it must."""
        self._worker |= worker or self._random.randrange(10_000) < self.worker_kills
        self._database |= database or self._random.randrange(10_000) < self.database_kills

    async def before_step(self) -> None:
        """When armed, start a worker and kill it at work, or let the database be killed while the step goes on."""
        moment = self._random.random()
        if self._worker:
            self._worker = False
            self.done["workers killed" if await self.kill_worker(moment * 0.4) else "workers too quick to kill"] += 1
        if self._database and self.kill_database is not None:
            self._database = False
            self.done["databases killed"] += 1
            self._pending.append(asyncio.create_task(self._kill_soon(moment * 0.2)))

    async def _kill_soon(self, seconds: float) -> None:
        assert self.kill_database is not None
        await asyncio.sleep(seconds)
        await self.kill_database()

    async def unclear(self, attempt: int) -> None:
        """What a phone does when it got no clear answer: wait a little, and meanwhile somebody mends the machine."""
        self.done["unclear answers"] += 1
        await asyncio.sleep(0.05 * (attempt + 1))
        await self.mend()

    async def settle(self) -> None:
        """Wait for accidents that are still to happen, and mend what they broke."""
        await asyncio.gather(*self._pending)
        self._pending.clear()
        await self.mend()

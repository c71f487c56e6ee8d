"""The world of a rehearsal: its wire, its steered clock, the payment provider next door, and the way time passes."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from linli.platform.clock import SteeredClock
from linli.rehearsal.mischief import Mischief
from linli.rehearsal.persons import Person, Refused, Wire

T = TypeVar("T")
R = TypeVar("R")
MINUTE = timedelta(minutes=1)
ATTEMPTS = 8


class Provider(Protocol):
    """The payment provider as the world steps it and as its own books read."""

    async def deliver_due(self, *, parallel: int = 1) -> int:
        """Bring due refunds to their end and deliver due notices; returns how many were tried."""
        ...

    def next_due(self) -> datetime | None:
        """Return when something happens there next."""
        ...

    def books(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return what was paid per charge number and given back per refund number, in fen."""
        ...


@dataclass
class World:
    """What a rehearsal needs from the installation it plays on."""

    wire: Wire
    clock: SteeredClock
    provider: Provider
    tick: Callable[[], Awaitable[Any]]
    drain: Callable[[], Awaitable[int]]
    sms_log: Path
    seed: int
    parallel: int = 1
    mischief: Mischief | None = None
    random: random.Random = field(init=False)
    _read: int = 0
    _codes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(f"world-{self.seed}")

    async def step(self) -> None:
        """Let everything happen that is due at this instant: the provider's notices, then facts and jobs."""
        if self.mischief is not None:
            await self.mischief.before_step()
        await self._mended(self._until_quiet)
        if self.mischief is not None:
            await self.mischief.settle()

    async def _until_quiet(self) -> None:
        while await self.provider.deliver_due(parallel=self.parallel) + await self.drain():
            pass

    async def _mended(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Run work of the worker; where mischief is about, a lost database is mended and the work taken up again."""
        for attempt in range(ATTEMPTS):
            try:
                await work()
            except Exception:
                if self.mischief is None or attempt == ATTEMPTS - 1:
                    raise
                await self.mischief.unclear(attempt)
            else:
                return

    async def eventually(self, ask: Callable[[], Awaitable[T | None]], *, minutes: int = 25) -> T:
        """Step minute by minute until an answer is there: what a killed worker left lying is taken up after a while."""
        await self.step()
        for _ in range(minutes):
            found = await ask()
            if found is not None:
                return found
            await self.at(self.clock.now() + MINUTE)
        raise AssertionError("what should have happened by now did not happen")

    async def at(self, instant: datetime, *, every: timedelta = timedelta(hours=1)) -> None:
        """Let time pass until an instant, stepping as often as told and whenever the provider has something due."""
        while self.clock.now() < instant:
            now = self.clock.now()
            following = min(instant, now + every)
            due = self.provider.next_due()
            if due is not None:
                following = min(following, max(due, now + MINUTE))
            self.clock.set(following)
            await self._mended(self.tick)
            await self.step()
        await self._mended(self.tick)
        await self.step()

    async def each(self, things: Sequence[T], act: Callable[[T], Awaitable[R]]) -> list[R]:
        """Let everybody act, one after another (repeatable) or some at a time; results in order."""
        if self.parallel == 1:
            return [await act(thing) for thing in things]
        gate = asyncio.Semaphore(self.parallel)

        async def through(thing: T) -> R:
            async with gate:
                return await act(thing)

        return list(await asyncio.gather(*(through(thing) for thing in things)))

    def person(self, audience: str, name: str = "", *, region: int = 0) -> Person:
        """Return somebody who has not signed in yet."""
        return Person(self.wire, audience, name, region)

    def chance(self, basis_points: int) -> bool:
        """Draw whether something happens."""
        return self.random.randrange(10_000) < basis_points

    async def sign_in_with_password(self, person: Person, login: str, password: str, **more: Any) -> Person:
        """Sign somebody in by log-in and password."""
        body = {"login": login, "password": password, **more}
        person.password = body
        return person.take(await person.post(f"/{person.audience}/sessions", body))

    async def ask_codes(self, phones: Sequence[str], audience: str = "app") -> None:
        """Ask a sign-in code for each phone and wait until the text messages went out."""

        async def ask(phone: str) -> None:
            await self.person(audience).post(f"/{audience}/codes", {"phone": phone})

        await self.each(phones, ask)
        await self.step()

    def code(self, phone: str) -> str:
        """Return the newest code a phone got: the development sender writes text messages into a file."""
        with self.sms_log.open(encoding="utf-8") as lines:
            lines.seek(self._read)
            for line in iter(lines.readline, ""):
                message = json.loads(line)
                digits = "".join(c if c.isdigit() else " " for c in message["text"]).split()
                self._codes[message["to"]] = next(number for number in digits if len(number) == 6)
            self._read = lines.tell()
        return self._codes[phone]


async def refused(asking: Awaitable[Any]) -> str:
    """Return the code with which the API refuses; AssertionError when it does not."""
    try:
        await asking
    except Refused as no:
        return no.code
    raise AssertionError("this should have been refused")

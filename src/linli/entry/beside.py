"""A worker beside the demo: a process of its own at the same steered clock, so that two cores have something to do."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from linli.entry.scratch import Scratch, Terms, joined
from linli.platform.clock import SteeredClock
from linli.platform.telemetry import configure_logs

AT_ONCE = 4
IDLE = 0.01
SECRET = "LINLI_SECRET_KEY"


@dataclass
class Beside:
    """The worker's process, told the time and asked when it is quiet."""

    process: asyncio.subprocess.Process
    clock: SteeredClock
    asked: int = 0

    async def quiet(self) -> int:
        """Tell the worker the time and wait until nothing is due there; returns 0, as nothing is left to run."""
        self.asked += 1
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{self.asked} {self.clock.now().isoformat()}\n".encode())
        await stdin.drain()
        while True:
            line = await stdout.readline()
            if not line:
                raise RuntimeError("the worker beside the demo ended")
            if int(line) == self.asked:
                return 0


@dataclass
class DeliveredBeside:
    """The payment provider as the demo sees it: its notices are delivered by the worker beside."""

    provider: Any

    async def deliver_due(self, *, parallel: int = 1) -> int:
        """Return 0: the worker delivers."""
        return 0

    def next_due(self) -> datetime | None:
        """Return when something happens there next."""
        due: datetime | None = self.provider.next_due()
        return due

    def books(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return what was paid per charge number and given back per refund number, in fen."""
        books: tuple[dict[str, int], dict[str, int]] = self.provider.books()
        return books


@asynccontextmanager
async def worker_beside(made: Scratch, terms: Terms) -> AsyncIterator[Beside]:
    """Run a worker on the scratch installation in a process of its own, until the block ends."""
    config = made.installation.config
    given = (str(config.home), config.database_url, made.clock.now().isoformat(), str(terms.seed), terms.address)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "linli.entry.beside", *given),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, SECRET: terms.secret},
        start_new_session=True,
    )
    try:
        yield Beside(process, made.clock)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def work(folder: Path, url: str, clock: SteeredClock, terms: Terms) -> None:
    """Run what is due at the told time until standard input ends; answer each question once nothing is due."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with joined(folder, url, clock, terms) as scratch:
        wanted: list[int] = [0]
        listening = asyncio.create_task(_listen(lines, clock, wanted))
        answered = 0
        while not listening.done():
            number = wanted[0]
            ran = await scratch.provider.deliver_due(parallel=AT_ONCE)
            ran += await scratch.installation.runner.drain(at_once=AT_ONCE)
            if ran:
                continue
            if answered < number == wanted[0]:
                print(number, flush=True)
                answered = number
            elif number == wanted[0]:
                await asyncio.sleep(IDLE)


async def _listen(lines: asyncio.StreamReader, clock: SteeredClock, wanted: list[int]) -> None:
    while line := await lines.readline():
        number, at = line.decode().split()
        clock.set(datetime.fromisoformat(at))
        wanted[0] = int(number)


if __name__ == "__main__":
    configure_logs("CRITICAL")
    the_folder, the_url, the_instant, the_seed, the_address = sys.argv[1:]
    the_clock = SteeredClock(datetime.fromisoformat(the_instant))
    the_terms = Terms(int(the_seed), secret=os.environ[SECRET], address=the_address)
    asyncio.run(work(Path(the_folder), the_url, the_clock, the_terms))

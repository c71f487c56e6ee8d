"""A worker of a scratch installation at a steered instant: a process of its own, started in order to be killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from linli.entry import clock
from linli.entry.scratch import Terms, joined
from linli.platform.clock import SteeredClock
from linli.platform.telemetry import configure_logs


async def work(folder: Path, url: str, at: datetime, seed: int) -> None:
    """Do everything that is due at an instant, as the rehearsal's own process would."""
    async with joined(folder, url, SteeredClock(at), Terms(seed)) as scratch:
        print("ready", flush=True)
        await clock.tick(scratch.installation)
        while await scratch.provider.deliver_due() + await scratch.installation.runner.drain():
            pass


if __name__ == "__main__":
    configure_logs("CRITICAL")
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]), int(sys.argv[4])))

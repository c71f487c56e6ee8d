"""The night as a job: every step in a transaction of its own, so that it goes on where it stopped."""

from __future__ import annotations

from functools import partial

from linli.platform.installation import Installation
from linli.platform.jobs import carries
from linli.supply.night.commands import night_may_begin, take_step
from linli.supply.night.events import RunNight
from linli.supply.night.model import BUYING


@carries(RunNight)
async def run_night(installation: Installation, region_id: int, wish: RunNight) -> None:
    """Take the steps of a cycle's buying that are not taken yet, in order."""
    may = partial(night_may_begin, cycle_id=wish.cycle_id)
    if not await installation.db.run(may, region_id, by="system:night"):
        return
    for step in BUYING:
        take = partial(take_step, cycle_id=wish.cycle_id, step=step)
        await installation.db.run(take, region_id, by="system:night")

"""The forenoon as a job: what arrived is given out and its sorting planned, each step in a transaction of its own."""

from __future__ import annotations

from functools import partial

from linli import supply
from linli.platform.installation import Installation
from linli.platform.jobs import carries
from linli.warehouse.shortage.commands import allocate_shortages
from linli.warehouse.sorting.commands import sort_cycle
from linli.warehouse.sorting.events import SortCycle

STEPS = ((supply.Step.SHARE_OUT, allocate_shortages), (supply.Step.PLAN_SORTING, sort_cycle))


@carries(SortCycle)
async def run_sorting(installation: Installation, region_id: int, wish: SortCycle) -> None:
    """Take the warehouse's steps of a cycle that are not taken yet, in order."""
    for step, work in STEPS:
        take = partial(supply.take_step, cycle_id=wish.cycle_id, step=step, work=work)
        await installation.db.run(take, region_id, by="system:night")

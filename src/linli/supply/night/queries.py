"""Reading how far the nights of a region are, and when they will be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from linli.platform.database import Tx
from linli.supply.night import store
from linli.supply.night.model import NightValue, StepValue

LATELY = timedelta(hours=36)


async def night_of(tx: Tx, cycle_id: int) -> list[StepValue]:
    """Return the steps of a cycle's night in order; nothing before its cut-off."""
    rows = await store.steps_of(tx, cycle_id)
    return [StepValue(row.step, row.state, row.planned_at, row.done_at, row.rows, row.millis) for row in rows]


async def nights(tx: Tx) -> list[NightValue]:
    """Return the nights of the region that are not over or are of the last 36 hours, oldest first."""
    found = []
    for cycle_id in await store.night_ids(tx, tx.now - LATELY):
        free = await store.free_steps(tx, cycle_id)
        steps = [replace(step, working=step.step not in free) for step in await night_of(tx, cycle_id)]
        found.append(NightValue(cycle_id, tuple(steps)))
    return found


async def steps_lately(tx: Tx) -> list[tuple[str, str, int, int, int]]:
    """Return the steps of all regions' nights of the last 36 hours: step, state, number, rows, milliseconds."""
    return await store.steps_everywhere(tx, tx.now - LATELY)

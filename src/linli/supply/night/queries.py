"""Reading how far the night of a cycle is."""

from __future__ import annotations

from linli.platform.database import Tx
from linli.supply.night import store
from linli.supply.night.model import StepValue


async def night_of(tx: Tx, cycle_id: int) -> list[StepValue]:
    """Return the steps of a cycle's night in order; nothing before its cut-off."""
    rows = await store.steps_of(tx, cycle_id)
    return [StepValue(row.step, row.state, row.planned_at, row.done_at) for row in rows]

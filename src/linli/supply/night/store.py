"""SQL of the night's steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from linli.kernel.ids import day_of
from linli.platform.database import Tx
from linli.supply.night.model import STEP, Step, StepState
from linli.supply.night.records import StepRow


async def add_steps(tx: Tx, cycle_id: int) -> None:
    """Write the steps of a cycle's night; those that are there stay as they are."""
    ids = await tx.new_ids(len(Step), day_of(cycle_id))
    rows = [
        {
            "region_id": tx.region_id, "id": id, "cycle_id": cycle_id, "step": step.value, "state": STEP.initial,
            "planned_at": tx.now, "done_at": None, "rows": 0, "millis": 0,
        }
        for id, step in zip(ids, Step, strict=True)
    ]  # fmt: skip
    await tx.execute(insert(StepRow).values(rows).on_conflict_do_nothing())


async def locked_step(tx: Tx, cycle_id: int, step: Step) -> StepRow | None:
    """Lock a step, waiting for whoever takes it, and return it as it stands then."""
    here = (StepRow.region_id == tx.region_id, StepRow.cycle_id == cycle_id, StepRow.step == step.value)
    return await tx.first(select(StepRow).where(*here).with_for_update())


async def night_ids(tx: Tx, since: datetime) -> list[int]:
    """Return the cycles whose night is not over, or was planned since an instant."""
    lately = (StepRow.state != StepState.DONE) | (StepRow.planned_at >= since)
    chosen = select(StepRow.cycle_id).where(StepRow.region_id == tx.region_id, lately).distinct()
    return list((await tx.execute(chosen.order_by(StepRow.cycle_id))).scalars())


async def steps_everywhere(tx: Tx, since: datetime) -> list[tuple[str, str, int, int, int]]:
    """Return how many steps of all regions there are since an instant: step, state, number, rows, milliseconds."""
    sums = (func.count(), func.sum(StepRow.rows), func.sum(StepRow.millis))
    chosen = select(StepRow.step, StepRow.state, *sums).where(StepRow.planned_at >= since)
    found = await tx.execute(chosen.group_by(StepRow.step, StepRow.state))
    return [(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in found]


async def free_steps(tx: Tx, cycle_id: int) -> set[str]:
    """Return the steps of a night that nobody takes at this moment; they stay locked until the transaction ends."""
    here = (StepRow.region_id == tx.region_id, StepRow.cycle_id == cycle_id)
    return set((await tx.execute(select(StepRow.step).where(*here).with_for_update(skip_locked=True))).scalars())


async def steps_of(tx: Tx, cycle_id: int) -> Sequence[StepRow]:
    """Return the steps of a cycle's night."""
    here = (StepRow.region_id == tx.region_id, StepRow.cycle_id == cycle_id)
    return await tx.all(select(StepRow).where(*here).order_by(StepRow.id))

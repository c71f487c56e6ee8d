"""SQL of the night's steps."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from linli.kernel.ids import day_of
from linli.platform.database import Tx
from linli.supply.night.model import STEP, Step
from linli.supply.night.records import StepRow


async def add_steps(tx: Tx, cycle_id: int) -> None:
    """Write the steps of a cycle's night; those that are there stay as they are."""
    ids = await tx.new_ids(len(Step), day_of(cycle_id))
    rows = [
        {
            "region_id": tx.region_id, "id": id, "cycle_id": cycle_id, "step": step.value, "state": STEP.initial,
            "planned_at": tx.now, "done_at": None,
        }
        for id, step in zip(ids, Step, strict=True)
    ]  # fmt: skip
    await tx.execute(insert(StepRow).values(rows).on_conflict_do_nothing())


async def locked_step(tx: Tx, cycle_id: int, step: Step) -> StepRow | None:
    """Lock a step, waiting for whoever takes it, and return it as it stands then."""
    here = (StepRow.region_id == tx.region_id, StepRow.cycle_id == cycle_id, StepRow.step == step.value)
    return await tx.first(select(StepRow).where(*here).with_for_update())


async def steps_of(tx: Tx, cycle_id: int) -> Sequence[StepRow]:
    """Return the steps of a cycle's night."""
    here = (StepRow.region_id == tx.region_id, StepRow.cycle_id == cycle_id)
    return await tx.all(select(StepRow).where(*here).order_by(StepRow.id))

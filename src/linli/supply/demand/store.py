"""SQL that freezes demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from linli.kernel.ids import day_of
from linli.platform.database import Tx
from linli.supply.demand.model import FrozenLine
from linli.supply.demand.records import Demand, DemandLine

CHUNK = 5_000


async def nested_loops(tx: Tx, allowed: bool) -> None:
    """Forbid or allow nested loops for the statements that follow in this transaction.

    A day's partition is young: without statistics the planner takes a cycle for one row, and a nested loop over its
    orders and lines is quadratic; hashed it stays linear.
    """
    await tx.execute(text(f"SET LOCAL enable_nestloop = {'on' if allowed else 'off'}"))


async def add_demand(tx: Tx, cycle_id: int, lines: Sequence[FrozenLine], digest: str) -> bool:
    """Write that a cycle's demand is frozen; False when it was before (waiting for a twin in flight)."""
    row = {
        "region_id": tx.region_id, "cycle_id": cycle_id, "lines": len(lines), "digest": digest,
        "pieces": sum(line.quantity for line in lines), "frozen_at": tx.now, "by": tx.by,
    }  # fmt: skip
    write = insert(Demand).values(**row).on_conflict_do_nothing()
    return (await tx.execute(write.returning(Demand.cycle_id))).first() is not None


async def add_lines(tx: Tx, cycle_id: int, lines: Sequence[FrozenLine]) -> None:
    """Write demand lines in chunks."""
    day = day_of(cycle_id)
    same = {"region_id": tx.region_id, "biz_date": day, "cycle_id": cycle_id}
    for at in range(0, len(lines), CHUNK):
        part = lines[at : at + CHUNK]
        ids = await tx.new_ids(len(part), day)
        await tx.execute(
            insert(DemandLine), [{**same, **asdict(line), "id": id} for id, line in zip(ids, part, strict=True)]
        )

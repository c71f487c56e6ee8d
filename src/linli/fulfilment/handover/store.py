"""SQL of handovers that commands need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from linli.fulfilment.handover.model import HandoverState
from linli.fulfilment.handover.records import Handover
from linli.platform.database import Tx


async def add(tx: Tx, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the handovers that are not there yet; returns how many."""
    if not rows:
        return 0
    given = [{"region_id": tx.region_id, **row} for row in rows]
    fresh = insert(Handover).values(given).on_conflict_do_nothing().returning(Handover.id)
    return len((await tx.execute(fresh)).all())


async def locked(tx: Tx, *where: Any) -> Handover | None:
    """Lock one handover."""
    return await tx.first(select(Handover).where(Handover.region_id == tx.region_id, *where).with_for_update())


async def still_open(tx: Tx, cycle_id: int) -> int:
    """Return how many stations of a cycle have not signed."""
    here = (Handover.region_id == tx.region_id, Handover.cycle_id == cycle_id)
    waiting = Handover.state != HandoverState.RECEIVED
    return int(await tx.scalar(select(func.count()).where(*here, waiting)) or 0)

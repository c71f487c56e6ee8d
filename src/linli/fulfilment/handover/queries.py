"""Reading handovers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from linli.fulfilment.handover.model import HandoverValue
from linli.fulfilment.handover.records import Handover
from linli.platform.database import Tx


async def handovers(tx: Tx, *, leader_id: int | None = None, cycle_id: int | None = None) -> list[HandoverValue]:
    """Return handovers of a leader or a cycle, newest first, 200 at most."""
    wanted: Any = select(Handover).where(Handover.region_id == tx.region_id)
    if leader_id is not None:
        wanted = wanted.where(Handover.leader_id == leader_id)
    if cycle_id is not None:
        wanted = wanted.where(Handover.cycle_id == cycle_id)
    rows = await tx.all(wanted.order_by(Handover.id.desc()).limit(200))
    names = list(HandoverValue.__dataclass_fields__)
    return [HandoverValue(**{name: getattr(row, name) for name in names}) for row in rows]

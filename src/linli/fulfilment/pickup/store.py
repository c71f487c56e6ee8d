"""SQL of pickups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from linli.fulfilment.pickup.records import Pickup
from linli.kernel.ids import day_of
from linli.platform.database import Tx


async def add(tx: Tx, order: Any, pieces: Mapping[int, int], how: str) -> None:
    """Write down a pickup."""
    day = day_of(order.id)
    row = {
        "region_id": tx.region_id, "biz_date": day, "id": await tx.new_id(day), "order_id": order.id,
        "cycle_id": order.cycle_id, "station_id": order.station_id, "leader_id": order.leader_id, "by": tx.by,
        "at": tx.now, "how": how, "pieces": {str(line): count for line, count in pieces.items()},
    }  # fmt: skip
    await tx.execute(insert(Pickup).values(**row))


async def last_of(tx: Tx, order_id: int) -> Pickup | None:
    """Return the newest pickup of an order."""
    here = (Pickup.region_id == tx.region_id, Pickup.biz_date == day_of(order_id), Pickup.order_id == order_id)
    return await tx.first(select(Pickup).where(*here).order_by(Pickup.id.desc()).limit(1))

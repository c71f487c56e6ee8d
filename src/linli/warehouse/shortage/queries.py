"""Reading shortages: of a cycle, and why an order line got what it got."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from linli.kernel.ids import day_of
from linli.platform.database import Tx
from linli.warehouse.shortage import store
from linli.warehouse.shortage.model import ShortLineValue
from linli.warehouse.shortage.records import ShortLine

FIELDS = tuple(ShortLineValue.__dataclass_fields__)


async def shortages_are_allocated(tx: Tx, cycle_id: int) -> bool:
    """Tell whether what arrived for a cycle was given out."""
    return await store.allocated(tx, cycle_id)


async def shortages_of_line(tx: Tx, line_id: int) -> list[ShortLineValue]:
    """Return why an order line got less than it wanted, in the order it happened; nothing when it got all."""
    return await _read(tx, ShortLine.biz_date == day_of(line_id), ShortLine.line_id == line_id)


async def shortages_of_cycle(
    tx: Tx, cycle_id: int, *, after: int | None = None, limit: int = 200
) -> list[tuple[int, ShortLineValue]]:
    """Return a page of a cycle's short lines with their ids."""
    here = (ShortLine.region_id == tx.region_id, ShortLine.biz_date == day_of(cycle_id), ShortLine.cycle_id == cycle_id)
    chosen = select(ShortLine).where(*here)
    if after is not None:
        chosen = chosen.where(ShortLine.id > after)
    return [(row.id, _value(row)) for row in await tx.all(chosen.order_by(ShortLine.id).limit(limit))]


async def short_orders_by_leader(tx: Tx, cycle_id: int) -> dict[int, int]:
    """Return how many orders of each leader came out short in a cycle, by leader."""
    here = (ShortLine.region_id == tx.region_id, ShortLine.biz_date == day_of(cycle_id), ShortLine.cycle_id == cycle_id)
    counts = select(ShortLine.leader_id, func.count(ShortLine.order_id.distinct())).where(*here)
    rows = await tx.execute(counts.group_by(ShortLine.leader_id).order_by(ShortLine.leader_id))
    return {row[0]: row[1] for row in rows}


async def _read(tx: Tx, *where: Any) -> list[ShortLineValue]:
    chosen = select(ShortLine).where(ShortLine.region_id == tx.region_id, *where).order_by(ShortLine.id)
    return [_value(row) for row in await tx.all(chosen)]


def _value(row: ShortLine) -> ShortLineValue:
    return ShortLineValue(**{name: getattr(row, name) for name in FIELDS})

"""SQL that writes shortages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from linli.kernel.ids import day_of
from linli.platform.database import Tx
from linli.platform.planning import whole_cycle
from linli.warehouse.shortage.model import LineAsked
from linli.warehouse.shortage.records import Allocation, Shortage, ShortLine


async def wanted_by_sku(tx: Tx, lines: Select[Any]) -> dict[int, int]:
    """Return how many pieces of each sku some lines want together, added up by the database."""
    wanted = lines.subquery()
    sums = select(wanted.c.sku_id, func.sum(wanted.c.quantity)).group_by(wanted.c.sku_id)
    async with whole_cycle(tx):
        return {row[0]: int(row[1]) for row in await tx.execute(sums)}


async def lines_asked(tx: Tx, lines: Select[Any]) -> list[LineAsked]:
    """Return lines as they ask for scarce goods: all of one scarce sku, never a whole cycle's."""
    asked = lines.subquery()
    names = {name: "quantity" if name == "wanted" else name for name in LineAsked.__dataclass_fields__}
    async with whole_cycle(tx):
        rows = await tx.execute(select(*(asked.c[column] for column in names.values())))
    return [LineAsked(*row) for row in rows]


async def add_allocation(tx: Tx, cycle_id: int, skus: int, lines: int, refunded_fen: int) -> None:
    """Write that a cycle's goods were given out; the key refuses a second time."""
    row = {"skus": skus, "lines": lines, "refunded_fen": refunded_fen, "allocated_at": tx.now}
    await tx.execute(insert(Allocation).values(region_id=tx.region_id, cycle_id=cycle_id, **row))


async def allocated(tx: Tx, cycle_id: int) -> bool:
    """Tell whether a cycle's goods were given out."""
    here = (Allocation.region_id == tx.region_id, Allocation.cycle_id == cycle_id)
    return await tx.scalar(select(Allocation.cycle_id).where(*here)) is not None


async def add_shortage(tx: Tx, cycle_id: int, row: dict[str, Any]) -> int:
    """Write a shortage and return its id."""
    day = day_of(cycle_id)
    shortage_id = await tx.new_id(day)
    same = {"region_id": tx.region_id, "biz_date": day, "cycle_id": cycle_id, "made_at": tx.now, "by": tx.by}
    await tx.execute(insert(Shortage).values(**same, **row, id=shortage_id))
    return shortage_id


async def add_short_lines(tx: Tx, cycle_id: int, rows: list[dict[str, Any]]) -> None:
    """Write what short lines got and why."""
    day = day_of(cycle_id)
    ids = await tx.new_ids(len(rows), day)
    same = {"region_id": tx.region_id, "biz_date": day, "cycle_id": cycle_id, "allocated_at": tx.now}
    await tx.execute(insert(ShortLine), [{**same, **row, "id": id} for id, row in zip(ids, rows, strict=True)])

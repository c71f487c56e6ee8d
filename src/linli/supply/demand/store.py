"""SQL that freezes demand: the database adds up, numbers and digests the lines, however many orders there are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Date, Integer, Select, func, insert, literal, select

from linli.kernel.ids import day_of
from linli.platform.database import Tx
from linli.platform.planning import written
from linli.supply.demand.records import Demand, DemandLine

KEY = ("station_id", "leader_id", "offer_id", "sku_id")


def of_cycle(tx: Tx, cycle_id: int) -> tuple[Any, ...]:
    """Return the conditions that find the demand lines of a cycle in their partition."""
    here = DemandLine.region_id == tx.region_id
    return here, DemandLine.biz_date == day_of(cycle_id), DemandLine.cycle_id == cycle_id


async def add_lines(tx: Tx, cycle_id: int, lines: Select[Any], bound: int) -> int:
    """Add up a cycle's lines per station and offer into demand lines; returns how many; ValueError beyond `bound`."""
    day = day_of(cycle_id)
    first = await tx.new_block(bound, day) if bound else 0
    wanted = lines.subquery()
    key = [wanted.c[name] for name in KEY]
    sums = (func.sum(wanted.c.quantity).label("quantity"), func.count().label("orders"))
    grouped = select(*key, *sums).group_by(*key).subquery()
    place = func.row_number().over(order_by=(grouped.c.offer_id, grouped.c.station_id, grouped.c.leader_id))
    rows = select(
        literal(tx.region_id, Integer), literal(day, Date), literal(cycle_id, BigInteger),
        literal(first - 1, BigInteger) + place, *(grouped.c[name] for name in (*KEY, "quantity", "orders")),
    )  # fmt: skip
    names = ["region_id", "biz_date", "cycle_id", "id", *KEY, "quantity", "orders"]
    count = await written(tx, insert(DemandLine).from_select(names, rows))
    if count > bound:
        raise ValueError(f"{count} demand lines of cycle {cycle_id}, but only {bound} pieces were sold")
    return count


async def sums_of(tx: Tx, cycle_id: int) -> tuple[int, int, str]:
    """Return the lines, the pieces and the sha256 (hexadecimal) of a cycle's demand lines.

    What is digested is a line of text for each, offer:sku:station:leader:pieces:orders, in order of offer, station and
    leader.
    """
    parts = ("offer_id", "sku_id", "station_id", "leader_id", "quantity", "orders")
    told = func.concat_ws(":", *(getattr(DemandLine, name) for name in parts)).concat("\n")
    in_order = (DemandLine.offer_id, DemandLine.station_id, DemandLine.leader_id)
    whole = func.coalesce(func.aggregate_strings(told, "").aggregate_order_by(*in_order), "")
    digest = func.encode(func.sha256(func.convert_to(whole, "UTF8")), "hex")
    sums = select(func.count(), func.coalesce(func.sum(DemandLine.quantity), 0), digest)
    row = (await tx.execute(sums.where(*of_cycle(tx, cycle_id)))).one()
    return row[0], int(row[1]), row[2]


async def add_demand(tx: Tx, cycle_id: int, lines: int, pieces: int, digest: str) -> None:
    """Write that a cycle's demand is frozen; its key refuses a second time."""
    row = {"lines": lines, "pieces": pieces, "digest": digest, "frozen_at": tx.now, "by": tx.by}
    await tx.execute(insert(Demand).values(region_id=tx.region_id, cycle_id=cycle_id, **row))


async def frozen(tx: Tx, cycle_id: int) -> bool:
    """Tell whether a cycle's demand was frozen before."""
    here = (Demand.region_id == tx.region_id, Demand.cycle_id == cycle_id)
    return await tx.scalar(select(Demand.cycle_id).where(*here)) is not None

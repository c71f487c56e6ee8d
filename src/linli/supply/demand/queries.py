"""Reading frozen demand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from linli import ordering
from linli.kernel.ids import day_of
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.supply.demand import store
from linli.supply.demand.model import DemandValue, FrozenLine, SkuDemand
from linli.supply.demand.records import Demand, DemandLine
from linli.supply.demand.rules import digest_of


class DemandNotFrozen(NotFound):
    """The demand of this cycle is not frozen yet."""

    title = "需求尚未冻结"


async def demand(tx: Tx, cycle_id: int) -> DemandValue:
    """Return the frozen demand of a cycle; refuses DemandNotFrozen."""
    row = await tx.first(select(Demand).where(Demand.region_id == tx.region_id, Demand.cycle_id == cycle_id))
    if row is None:
        raise DemandNotFrozen(f"the demand of cycle {cycle_id} is not frozen")
    return DemandValue(row.cycle_id, row.lines, row.pieces, row.digest, row.frozen_at)


async def wanted_now(tx: Tx, cycle_id: int) -> list[ordering.DemandLine]:
    """Return what a cycle's paid orders want at this moment, per station and offer."""
    await store.nested_loops(tx, False)
    found = await ordering.demand(tx, cycle_id)
    await store.nested_loops(tx, True)
    return found


async def lines_now(tx: Tx, cycle_id: int) -> list[ordering.PaidLine]:
    """Return the lines of a cycle's paid orders of which something is still to come, by station, serial and line."""
    await store.nested_loops(tx, False)
    found = await ordering.paid_lines(tx, cycle_id)
    await store.nested_loops(tx, True)
    return [line for line in found if line.quantity > line.short_quantity]


async def demand_by_sku(tx: Tx, cycle_id: int) -> list[SkuDemand]:
    """Return what a cycle wants of each offer, in order of sku."""
    key = (DemandLine.offer_id, DemandLine.sku_id)
    stations = func.count(DemandLine.station_id.distinct())
    sums = select(*key, func.sum(DemandLine.quantity), stations).where(*_of_cycle(tx, cycle_id)).group_by(*key)
    return [
        SkuDemand(row[0], row[1], int(row[2]), row[3]) for row in await tx.execute(sums.order_by(DemandLine.sku_id))
    ]


async def demand_lines(tx: Tx, cycle_id: int) -> list[FrozenLine]:
    """Return every demand line of a cycle."""
    names = [getattr(DemandLine, name) for name in FrozenLine.__dataclass_fields__]
    return [FrozenLine(*row) for row in await tx.execute(select(*names).where(*_of_cycle(tx, cycle_id)))]


async def demand_is_whole(tx: Tx, cycle_id: int) -> bool:
    """Tell whether a cycle's demand lines are still the ones that were frozen; refuses DemandNotFrozen."""
    return digest_of(await demand_lines(tx, cycle_id)) == (await demand(tx, cycle_id)).digest


def _of_cycle(tx: Tx, cycle_id: int) -> tuple[Any, ...]:
    here = DemandLine.region_id == tx.region_id
    return here, DemandLine.biz_date == day_of(cycle_id), DemandLine.cycle_id == cycle_id

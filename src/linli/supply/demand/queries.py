"""Reading frozen demand."""

from __future__ import annotations

from sqlalchemy import func, select

from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.supply.demand import store
from linli.supply.demand.model import DemandValue, SkuDemand
from linli.supply.demand.records import Demand, DemandLine


class DemandNotFrozen(NotFound):
    """The demand of this cycle is not frozen yet."""

    title = "需求尚未冻结"


async def demand(tx: Tx, cycle_id: int) -> DemandValue:
    """Return the frozen demand of a cycle; refuses DemandNotFrozen."""
    row = await tx.first(select(Demand).where(Demand.region_id == tx.region_id, Demand.cycle_id == cycle_id))
    if row is None:
        raise DemandNotFrozen(f"the demand of cycle {cycle_id} is not frozen")
    return DemandValue(row.cycle_id, row.lines, row.pieces, row.digest, row.frozen_at)


async def demand_by_sku(tx: Tx, cycle_id: int) -> list[SkuDemand]:
    """Return what a cycle wants of each offer, in order of sku."""
    key = (DemandLine.offer_id, DemandLine.sku_id)
    stations = func.count(DemandLine.station_id.distinct())
    sums = select(*key, func.sum(DemandLine.quantity), stations).where(*store.of_cycle(tx, cycle_id)).group_by(*key)
    return [
        SkuDemand(row[0], row[1], int(row[2]), row[3]) for row in await tx.execute(sums.order_by(DemandLine.sku_id))
    ]


async def demand_is_whole(tx: Tx, cycle_id: int) -> bool:
    """Tell whether a cycle's demand lines are still the ones that were frozen; refuses DemandNotFrozen."""
    found = await demand(tx, cycle_id)
    return await store.sums_of(tx, cycle_id) == (found.lines, found.pieces, found.digest)

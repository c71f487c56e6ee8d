"""Freezing the demand of a cycle."""

from __future__ import annotations

from linli.platform.database import Tx
from linli.supply.demand import store
from linli.supply.demand.events import DemandFrozen
from linli.supply.demand.model import DemandValue, FrozenLine
from linli.supply.demand.queries import demand, wanted_now
from linli.supply.demand.rules import canonical, digest_of


async def freeze_demand(tx: Tx, *, cycle_id: int) -> DemandValue:
    """Write down, for good, what a cycle's paid orders want per station and offer; told twice it answers as before."""
    wanted = [
        FrozenLine(each.station_id, each.leader_id, each.offer_id, each.sku_id, each.quantity, each.orders)
        for each in await wanted_now(tx, cycle_id)
    ]
    lines = canonical(wanted)
    digest = digest_of(lines)
    if await store.add_demand(tx, cycle_id, lines, digest):
        await store.add_lines(tx, cycle_id, lines)
        await tx.announce(DemandFrozen(cycle_id, len(lines), sum(line.quantity for line in lines), digest))
    return await demand(tx, cycle_id)

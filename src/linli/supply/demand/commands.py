"""Freezing the demand of a cycle."""

from __future__ import annotations

from linli import ordering, sale
from linli.platform.database import Tx
from linli.supply.demand import store
from linli.supply.demand.events import DemandFrozen
from linli.supply.demand.model import DemandValue
from linli.supply.demand.queries import demand


async def freeze_demand(tx: Tx, *, cycle_id: int) -> DemandValue:
    """Write down, for good, what a cycle's paid orders want per station and offer; told twice it answers as before."""
    if not await store.frozen(tx, cycle_id):
        sold = sum(offer.sold for offer in (await sale.offers(tx, cycle_id)).values())
        await store.add_lines(tx, cycle_id, ordering.lines_to_deliver(tx, cycle_id), sold)
        lines, pieces, digest = await store.sums_of(tx, cycle_id)
        await store.add_demand(tx, cycle_id, lines, pieces, digest)
        await tx.announce(DemandFrozen(cycle_id, lines, pieces, digest))
    return await demand(tx, cycle_id)

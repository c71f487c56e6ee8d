"""When goods have arrived: what there is is given out, and leaders read which of their neighbours come out short."""

from __future__ import annotations

from linli import people, sale, supply
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(supply.ReceivingFinished)
async def what_arrived_is_given_out(tx: Tx, fact: supply.ReceivingFinished) -> None:
    """Share what lacks by each offer's rule, refund it, and keep what is left over as stock."""
    await supply.allocate_shortages(tx, cycle_id=fact.cycle_id)


@when(supply.ShortagesAllocated)
async def leaders_read_about_shortages(tx: Tx, fact: supply.ShortagesAllocated) -> None:
    """Tell each leader how many orders of the group come out short."""
    cycle = await sale.cycle(tx, fact.cycle_id)
    for leader_id, orders in (await supply.short_orders_by_leader(tx, fact.cycle_id)).items():
        facts = {"delivery_date": cycle.delivery_date.isoformat(), "orders": orders}
        await people.notify(tx, to=f"leader:{leader_id}", event="shortage.allocated", facts=facts)

"""When goods have arrived, or none are to come: they are given out, and leaders read who comes out short."""

from __future__ import annotations

from linli import people, sale, supply, warehouse
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(supply.PurchaseOrdersOut)
async def where_nothing_is_ordered_nothing_is_waited_for(tx: Tx, fact: supply.PurchaseOrdersOut) -> None:
    """End the receiving of a cycle that stock covers, or that nobody ordered in."""
    if not fact.orders:
        await warehouse.finish_receiving(tx, cycle_id=fact.cycle_id)


@when(warehouse.ReceivingFinished)
async def what_arrived_is_given_out(tx: Tx, fact: warehouse.ReceivingFinished) -> None:
    """Have shared out what lacks by each offer's rule, kept what is left over as stock, and the sorting planned."""
    await warehouse.begin_sorting(tx, cycle_id=fact.cycle_id)


@when(warehouse.ShortagesAllocated)
async def leaders_read_about_shortages(tx: Tx, fact: warehouse.ShortagesAllocated) -> None:
    """Tell each leader how many orders of the group come out short."""
    cycle = await sale.cycle(tx, fact.cycle_id)
    for leader_id, orders in (await warehouse.short_orders_by_leader(tx, fact.cycle_id)).items():
        facts = {"delivery_date": cycle.delivery_date.isoformat(), "orders": orders}
        await people.notify(tx, to=f"leader:{leader_id}", event="shortage.allocated", facts=facts)

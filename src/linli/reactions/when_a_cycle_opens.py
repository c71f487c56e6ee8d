"""When a cycle opens: what members want every week is ordered for them."""

from __future__ import annotations

from linli import ordering, sale
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(sale.CycleOpened)
async def standing_orders_are_placed(tx: Tx, fact: sale.CycleOpened) -> None:
    """Have the standing orders of the cycle's weekday placed."""
    await ordering.begin_standing(tx, cycle_id=fact.cycle_id)

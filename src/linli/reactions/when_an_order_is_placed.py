"""When an order is placed, the member's account finds it in its list, whatever region it lies in."""

from __future__ import annotations

from linli import ordering
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(ordering.OrderPlaced)
async def the_account_lists_it(tx: Tx, fact: ordering.OrderPlaced) -> None:
    """Put the order on the list of the member's account."""
    await ordering.list_order(tx, order_id=fact.order_id, member_id=fact.member_id)

"""When goods do not come, whoever ordered them gets a coupon beside the money."""

from __future__ import annotations

from linli import marketing, warehouse
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(warehouse.LineShort)
async def the_member_is_compensated(tx: Tx, fact: warehouse.LineShort) -> None:
    """Give one compensation coupon per order, where the region has such a template in use."""
    await marketing.give_coupon(
        tx, member_id=fact.member_id, template="compensation", reason="缺货补偿", ref=f"short:{fact.order_id}"
    )

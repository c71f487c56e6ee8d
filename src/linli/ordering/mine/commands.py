"""Filling an account's own list of orders from what was announced."""

from __future__ import annotations

from linli import people
from linli.ordering.mine import store
from linli.platform.database import Tx


async def list_order(tx: Tx, *, order_id: int, member_id: int) -> bool:
    """Put an order on the list of the member's account; False for a neighbour without one. Told twice it is once."""
    member = await people.member(tx, member_id)
    if not member.account_id:
        return False
    row = {"account_id": member.account_id, "order_id": order_id, "home_region": tx.region_id, "member_id": member_id}
    await store.add(tx, {**row, "placed_at": tx.now})
    return True

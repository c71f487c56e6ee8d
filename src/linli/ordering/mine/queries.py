"""Reading an account's own list of orders."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from linli.ordering.mine.records import UserOrder
from linli.platform.database import Tx


async def orders_of_account(tx: Tx, account_id: int, *, after: int | None, limit: int) -> Sequence[UserOrder]:
    """Return a page of an account's orders over all regions, in descending order of id."""
    chosen = select(UserOrder).where(UserOrder.account_id == account_id)
    if after is not None:
        chosen = chosen.where(UserOrder.order_id < after)
    return await tx.all(chosen.order_by(UserOrder.order_id.desc()).limit(limit))

"""Route of the member's account: all of its orders, in every region."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from linli.ordering.mine.queries import orders_of_account
from linli.platform.web import Audience, CallOf, PublicId, View

app = Audience("app", "mine")
routers = [app.router]


class KnownOrder(View):
    """An order of the account and the region it lies in."""

    order_id: PublicId
    home_region: int
    member_id: PublicId
    placed_at: datetime


class KnownOrders(View):
    """A page of the account's orders; `next` is null on the last one."""

    items: list[KnownOrder]
    next: PublicId | None


@app.get("/account/orders", permission="order.own")
async def known_orders(
    call: CallOf, after: PublicId | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> KnownOrders:
    async with call.reading(region_id=0) as tx:
        found = await orders_of_account(tx, call.who.account_id, after=after, limit=limit)
    items = [KnownOrder.model_validate(row) for row in found]
    return KnownOrders(items=items, next=items[-1].order_id if len(items) == limit else None)

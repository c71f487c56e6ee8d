"""Routes of shortages: the console sees what lacked and why each line got what it got, leaders see their own lines."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from linli import ordering
from linli.platform.web import Audience, CallOf, PublicId, View
from linli.warehouse.shortage import queries

console = Audience("console", "shortage")
app = Audience("app", "shortage")
routers = [console.router, app.router]


class ShortLineView(View):
    """Why an order line got less than it wanted."""

    line_id: PublicId
    order_id: PublicId
    station_id: PublicId
    sku_id: PublicId
    source: str
    rule: str
    wanted: int
    given: int
    short: int
    refunded_fen: int
    why: str
    allocated_at: datetime


class ShortLinePage(View):
    """One page of short lines."""

    items: list[ShortLineView]
    next: PublicId | None


@console.get("/cycles/{cycle_id}/shortages", permission="order.read")
async def list_shortages(
    cycle_id: PublicId,
    call: CallOf,
    after: PublicId | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ShortLinePage:
    async with call.reading() as tx:
        found = await queries.shortages_of_cycle(tx, cycle_id, after=after, limit=limit)
    items = [ShortLineView.model_validate(each) for _, each in found]
    return ShortLinePage(items=items, next=found[-1][0] if len(found) == limit else None)


@app.get("/orders/{order_id}/shortages", permission="order.own")
async def why_short(order_id: PublicId, call: CallOf) -> list[ShortLineView]:
    async with call.reading() as tx:
        order = await ordering.order_of_member(tx, order_id, call.who.person_id)
        found = [short for line in order.lines for short in await queries.shortages_of_line(tx, line.id)]
    return [ShortLineView.model_validate(each) for each in found]

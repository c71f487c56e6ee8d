"""Routes of orders: the member places and follows them, the leader orders for neighbours, operators look."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query

from linli import people, sale
from linli.ordering.order.commands import cancel
from linli.ordering.order.model import STATE_WORDS, LineValue, OrderState, OrderValue
from linli.ordering.order.queries import (
    order,
    order_of_leader,
    order_of_member,
    orders_of_account,
    orders_of_cycle,
    orders_of_member,
    products_of_leader,
    timeline,
)
from linli.ordering.order.rules import BEFORE_CONFIRMED
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Remark, View

app = Audience("app", "order")
leader = Audience("leader", "order")
console = Audience("console", "order")
routers = [app.router, leader.router, console.router]
Limit = Annotated[int, Query(ge=1, le=200)]


class Cancellation(Body):
    """Why an order is cancelled."""

    reason: Remark = ""


class LineView(View):
    """One line of an order; amounts in fen."""

    id: PublicId
    offer_id: PublicId
    sku_id: PublicId
    name: str
    spec: str
    unit: str
    quantity: int
    short_quantity: int
    refunded_quantity: int
    collected_quantity: int
    unit_price_fen: int
    payable_fen: int
    paid_fen: int
    refunded_fen: int


class Step(View):
    """A state the order came to, and when."""

    state: str
    words: str
    at: datetime
    reason: str


class Summary(View):
    """An order in a list, as its member sees it."""

    id: PublicId
    cycle_id: PublicId
    station_id: PublicId
    state: str
    state_words: str
    serial: int | None
    payment: str
    express: bool
    fee_fen: int
    payable_fen: int
    paid_fen: int
    refunded_fen: int
    placed_at: datetime
    hold_until: datetime
    lines: list[LineView]


class Summaries(View):
    """A page of the member's orders, newest first; `next` is null on the last one."""

    items: list[Summary]
    next: PublicId | None


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


class OrderView(Summary):
    """An order as its member follows it: countdowns in seconds, promised time, pickup code, states with times."""

    pickup_code: str | None
    note: str
    payer: str
    charge_id: PublicId | None
    cancel_reason: str
    pay_within_seconds: int
    cut_off_at: datetime
    cut_off_in_seconds: int
    promised_from: datetime
    may_cancel: bool
    timeline: list[Step]


class Row(View):
    """An order as a leader or an operator sees it in a list: whose it is, without the pickup code."""

    id: PublicId
    cycle_id: PublicId
    station_id: PublicId
    leader_id: PublicId
    member_id: PublicId
    nickname: str
    place: str
    phone_tail: str
    state: str
    state_words: str
    serial: int | None
    payment: str
    payer: str
    note: str
    by_leader: bool
    express: bool
    fee_fen: int
    payable_fen: int
    paid_fen: int
    refunded_fen: int
    placed_at: datetime
    paid_at: datetime | None
    cancel_reason: str
    lines: list[LineView]


class Rows(View):
    """A page of orders in order of id; `next` is null on the last one."""

    items: list[Row]
    next: PublicId | None


class Product(View):
    """What a leader's paid orders of a cycle come to for one offer at one station."""

    offer_id: PublicId
    station_id: PublicId
    name: str
    spec: str
    unit: str
    quantity: int
    orders: int
    amount_fen: int


def _lines(lines: tuple[LineValue, ...]) -> list[LineView]:
    return [LineView.model_validate(line) for line in lines]


def _same(found: OrderValue) -> dict[str, Any]:
    return {
        "state": str(found.state),
        "state_words": STATE_WORDS[found.state],
        "refunded_fen": sum(line.refunded_fen for line in found.lines) + found.fee_refunded_fen,
        "lines": _lines(found.lines),
    }


def _shown(shape: type[View], found: OrderValue, **more: Any) -> dict[str, Any]:
    own = {name: getattr(found, name) for name in shape.model_fields if hasattr(found, name)}
    return own | _same(found) | more


async def full_view(tx: Tx, found: OrderValue) -> OrderView:
    """Return an order as its member follows it; the pickup code appears when it is paid."""
    cycle = await sale.cycle(tx, found.cycle_id)
    steps = [
        Step(state=state, words=STATE_WORDS[OrderState(state)], at=at, reason=reason)
        for state, at, reason in await timeline(tx, found)
    ]
    unpaid = found.state is OrderState.PLACED
    early = tx.now < cycle.cut_off_at
    more = {
        "pickup_code": None if unpaid or found.express or found.state is OrderState.CANCELLED else found.pickup_code,
        "pay_within_seconds": max(0, int((found.hold_until - tx.now).total_seconds())) if unpaid else 0,
        "cut_off_at": cycle.cut_off_at,
        "cut_off_in_seconds": max(0, int((cycle.cut_off_at - tx.now).total_seconds())),
        "promised_from": cycle.promised_from,
        "may_cancel": early and found.state in BEFORE_CONFIRMED,
        "timeline": steps,
    }
    return OrderView(**_shown(OrderView, found, **more))


async def rows(tx: Tx, found: list[OrderValue]) -> list[Row]:
    """Return orders with whose they are, which takes one more statement however many there are."""
    whose = await people.members(tx, list({one.member_id for one in found})) if found else {}
    return [
        Row(
            **_shown(
                Row, one, nickname=whose[one.member_id].nickname, place=whose[one.member_id].place,
                phone_tail=whose[one.member_id].phone_tail or "", by_leader=one.by_leader is not None,
            )
        )
        for one in found
    ]  # fmt: skip


async def _page(tx: Tx, found: list[OrderValue], limit: int) -> Rows:
    return Rows(items=await rows(tx, found), next=found[-1].id if len(found) == limit else None)


@app.get("/orders", permission="order.own")
async def own_orders(call: CallOf, after: PublicId | None = None, limit: Limit = 20) -> Summaries:
    async with call.reading() as tx:
        found = await orders_of_member(tx, call.who.person_id, after=after, limit=limit)
    items = [Summary(**_shown(Summary, one)) for one in found]
    return Summaries(items=items, next=found[-1].id if len(found) == limit else None)


@app.get("/account/orders", permission="order.own")
async def known_orders(call: CallOf, after: PublicId | None = None, limit: Limit = 50) -> KnownOrders:
    async with call.reading(region_id=0) as tx:
        found = await orders_of_account(tx, call.who.account_id, after=after, limit=limit)
    items = [KnownOrder.model_validate(row) for row in found]
    return KnownOrders(items=items, next=items[-1].order_id if len(items) == limit else None)


@app.get("/orders/{order_id}", permission="order.own")
async def own_order(order_id: PublicId, call: CallOf) -> OrderView:
    async with call.reading() as tx:
        return await full_view(tx, await order_of_member(tx, order_id, call.who.person_id))


@app.post("/orders/{order_id}/cancellation", permission="order.own")
async def cancel_own(order_id: PublicId, body: Cancellation, call: CallOf) -> OrderView:
    async def work(tx: Tx) -> OrderView:
        gone = await cancel(tx, order_id=order_id, member_id=call.who.person_id, reason=body.reason or "本人取消")
        return await full_view(tx, gone)

    return await call.write(work)


@leader.post("/orders/{order_id}/cancellation", permission="order.on_behalf")
async def cancel_of_leader(order_id: PublicId, body: Cancellation, call: CallOf) -> Row:
    async def work(tx: Tx) -> Row:
        gone = await cancel(tx, order_id=order_id, leader_id=call.who.person_id, reason=body.reason or "团长取消")
        return (await rows(tx, [gone]))[0]

    return await call.write(work)


@leader.get("/orders/{order_id}", permission="order.own_read")
async def order_for_leader(order_id: PublicId, call: CallOf) -> Row:
    async with call.reading() as tx:
        return (await rows(tx, [await order_of_leader(tx, order_id, call.who.person_id)]))[0]


@leader.get("/cycles/{cycle_id}/orders", permission="order.own_read")
async def orders_for_leader(
    cycle_id: PublicId,
    call: CallOf,
    station_id: PublicId | None = None,
    state: OrderState | None = None,
    after: PublicId | None = None,
    limit: Limit = 50,
) -> Rows:
    async with call.reading() as tx:
        found = await orders_of_cycle(
            tx, cycle_id, leader_id=call.who.person_id, station_id=station_id, state=state, after=after, limit=limit
        )
        return await _page(tx, found, limit)


@leader.get("/cycles/{cycle_id}/products", permission="order.own_read")
async def products_for_leader(cycle_id: PublicId, call: CallOf) -> list[Product]:
    async with call.reading() as tx:
        found = await products_of_leader(tx, cycle_id, call.who.person_id)
    return [Product.model_validate(row) for row in found]


@console.get("/cycles/{cycle_id}/orders", permission="order.read")
async def orders_for_operator(
    cycle_id: PublicId,
    call: CallOf,
    station_id: PublicId | None = None,
    state: OrderState | None = None,
    after: PublicId | None = None,
    limit: Limit = 50,
) -> Rows:
    async with call.reading() as tx:
        found = await orders_of_cycle(tx, cycle_id, station_id=station_id, state=state, after=after, limit=limit)
        return await _page(tx, found, limit)


@console.get("/orders/{order_id}", permission="order.read")
async def order_for_operator(order_id: PublicId, call: CallOf) -> Row:
    async with call.reading() as tx:
        return (await rows(tx, [await order(tx, order_id)]))[0]

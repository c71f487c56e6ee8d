"""Routes of paying: the member opens a charge over several orders, the leader confirms cash and transfers."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from linli.ordering.paying.commands import MOST_ORDERS, confirm_payment, pay_orders
from linli.ordering.paying.model import Way
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, PublicId, View

app = Audience("app", "paying")
leader = Audience("leader", "paying")
routers = [app.router, leader.router]


class NewCharge(Body):
    """Which orders are to be paid together, and how."""

    order_ids: Annotated[list[PublicId], Field(min_length=1, max_length=MOST_ORDERS)]
    channel: Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z_]+$")] = "sandbox"


class OpenedCharge(View):
    """A charge in fen; when `pay_url` is null, the channel opens it in a moment: ask `GET /app/charges/{id}`."""

    id: PublicId
    state: str
    channel: str
    amount_fen: int
    orders: dict[str, int]
    pay_url: str | None
    expires_at: datetime


class ReceivedPayment(Body):
    """What the leader received from the neighbour, in fen."""

    amount_fen: FenAmount
    way: Way = Way.CASH


class PaidOrder(View):
    """An order that was paid in person."""

    id: PublicId
    state: str
    serial: int | None
    paid_fen: int
    paid_at: datetime | None
    payer: str


@app.post("/charges", permission="charge.open")
async def open_charge(body: NewCharge, call: CallOf) -> OpenedCharge:
    async def work(tx: Tx) -> OpenedCharge:
        charge = await pay_orders(tx, order_ids=body.order_ids, member_id=call.who.person_id, channel=body.channel)
        return OpenedCharge(
            id=charge.id, state=str(charge.state), channel=charge.channel, amount_fen=charge.amount_fen,
            orders={str(order_id): fen for order_id, fen in charge.orders.items()}, pay_url=charge.pay_url,
            expires_at=charge.expires_at,
        )  # fmt: skip

    return await call.write(work)


@leader.post("/orders/{order_id}/payment", permission="payment.own_confirm")
async def receive_payment(order_id: PublicId, body: ReceivedPayment, call: CallOf) -> PaidOrder:
    async def work(tx: Tx) -> PaidOrder:
        paid = await confirm_payment(
            tx, order_id=order_id, leader_id=call.who.person_id, amount_fen=body.amount_fen, way=body.way
        )
        return PaidOrder.model_validate(paid)

    return await call.write(work)

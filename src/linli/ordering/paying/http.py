"""Routes of paying: the member opens a charge over several orders, or places and pays a basket over several cycles at
once; the leader confirms cash and transfers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from linli.ordering.paying.commands import MOST_ORDERS, confirm_payment, pay_orders, place_basket
from linli.ordering.paying.model import Way
from linli.ordering.placing.commands import as_answer
from linli.ordering.placing.http import DeliveryAddress, Lines, Placed, Using, sealed, using_of
from linli.ordering.placing.model import Placement
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, Call, CallOf, FenAmount, PublicId, Remark, View

app = Audience("app", "paying")
leader = Audience("leader", "paying")
routers = [app.router, leader.router]


class NewCharge(Body):
    """Which orders are to be paid together, and how: `scene` is where the payer stands (mini, jsapi, h5, native,
    page, app), `payer` their openid when the scene is mini or jsapi."""

    order_ids: Annotated[list[PublicId], Field(min_length=1, max_length=MOST_ORDERS)]
    channel: Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z_]+$")] = "sandbox"
    scene: Annotated[str, Field(pattern="^(mini|jsapi|h5|native|page|app)?$")] = ""
    payer: Annotated[str, Field(max_length=128, pattern="^[A-Za-z0-9_-]*$")] = ""


class BasketOrder(Body):
    """One order of a basket; `expect_payable_fen` is the amount that was shown for it."""

    cycle_id: PublicId
    lines: Lines
    expect_payable_fen: FenAmount
    note: Remark = ""
    address: DeliveryAddress | None = None
    using: Using = Field(default_factory=dict)


class NewBasket(Body):
    """Orders of the signed-in member that are placed together, all or none, and paid at once; how, is said as for a
    charge."""

    orders: Annotated[list[BasketOrder], Field(min_length=1, max_length=MOST_ORDERS)]
    station_id: PublicId | None = None
    payment: Annotated[str, Field(pattern="^(online|offline)$")] = "online"
    channel: Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z_]+$")] = "sandbox"
    scene: Annotated[str, Field(pattern="^(mini|jsapi|h5|native|page|app)?$")] = ""
    payer: Annotated[str, Field(max_length=128, pattern="^[A-Za-z0-9_-]*$")] = ""


class OpenedCharge(View):
    """A charge in fen; when `pay_url` is null, the channel opens it in a moment: ask `GET /app/charges/{id}`."""

    id: PublicId
    state: str
    channel: str
    amount_fen: int
    orders: dict[str, int]
    pay_url: str | None
    pay_params: dict[str, str] | None = None
    expires_at: datetime


class PlacedBasket(View):
    """A basket just placed: its orders, what they come to in fen, and the charge over them (null: paid in person)."""

    orders: list[Placed]
    payable_fen: int
    charge: OpenedCharge | None


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
        charge = await pay_orders(
            tx, order_ids=body.order_ids, member_id=call.who.person_id, channel=body.channel, scene=body.scene,
            payer=_payer(call, body),
        )  # fmt: skip
        return _opened(charge)

    return await call.write(work)


def _payer(call: Call, body: NewCharge | NewBasket) -> str:
    """Return who pays as the provider knows them: for h5 it is the address they call from."""
    address = call.request.client.host if call.request.client else ""
    return address if body.scene == "h5" else body.payer


def _opened(charge: Any) -> OpenedCharge:
    return OpenedCharge(
        id=charge.id, state=str(charge.state), channel=charge.channel, amount_fen=charge.amount_fen,
        orders={str(order_id): fen for order_id, fen in charge.orders.items()}, pay_url=charge.pay_url,
        pay_params=charge.pay_params, expires_at=charge.expires_at,
    )  # fmt: skip


@app.post("/baskets", permission="order.place")
async def order_basket(body: NewBasket, call: CallOf) -> PlacedBasket:
    """Place several orders, all or none, and open one charge; a refusal names its `order`, counted from 0."""
    wanted = [
        Placement(
            call.who.person_id, one.cycle_id, tuple([(line.offer_id, line.quantity) for line in one.lines]),
            call.who.by, station_id=body.station_id, expect_payable_fen=one.expect_payable_fen, note=one.note,
            payment=body.payment, using=using_of(one.using, one.address), address=sealed(call, one.address),
        )
        for one in body.orders
    ]  # fmt: skip

    async def work(tx: Tx) -> PlacedBasket:
        placed, charge = await place_basket(
            tx, placements=wanted, channel=body.channel, scene=body.scene, payer=_payer(call, body)
        )
        orders = [Placed.model_validate(as_answer(tx, placed=one)) for one in placed]
        payable = sum(one.payable_fen for one in orders)
        return PlacedBasket(orders=orders, payable_fen=payable, charge=_opened(charge) if charge else None)

    return await call.write(work)


@leader.post("/orders/{order_id}/payment", permission="payment.own_confirm")
async def receive_payment(order_id: PublicId, body: ReceivedPayment, call: CallOf) -> PaidOrder:
    async def work(tx: Tx) -> PaidOrder:
        paid = await confirm_payment(
            tx, order_id=order_id, leader_id=call.who.person_id, amount_fen=body.amount_fen, way=body.way
        )
        return PaidOrder.model_validate(paid)

    return await call.write(work)

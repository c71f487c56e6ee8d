"""Routes of placing: the member orders (a hot route: orders that arrive together are written together), the leader
orders for neighbours."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Response
from msgspec import json
from pydantic import Field

from linli.ordering.order.http import Row, rows
from linli.ordering.placing.commands import place_for_neighbour, place_gathered
from linli.ordering.placing.model import Placement
from linli.ordering.quote.rules import MOST_LINES
from linli.platform.database import Tx
from linli.platform.secrecy import seal
from linli.platform.web import (
    Audience,
    Body,
    Brief,
    Call,
    CallOf,
    FenAmount,
    Phone,
    PublicId,
    Quantity,
    Remark,
    Short,
    View,
)

app = Audience("app", "placing")
leader = Audience("leader", "placing")
routers = [app.router, leader.router]
ADDRESS = "ordering.address"


class OrderedLine(Body):
    """Pieces of an offer; the same offer twice is added up."""

    offer_id: PublicId
    quantity: Quantity


Using = Annotated[
    dict[str, Any],
    Field(max_length=8, description='chosen promotions by name, for example {"coupon": ["123"], "points": 200}'),
]
Lines = Annotated[list[OrderedLine], Field(min_length=1, max_length=MOST_LINES)]


class DeliveryAddress(Body):
    """Where an express order is sent to; name, phone and street are kept sealed."""

    name: Short
    phone: Phone
    province: Short
    city: Short
    district: Short
    street: Remark


class NewOrder(Body):
    """An order of the signed-in member; `expect_payable_fen` is the amount that was shown."""

    cycle_id: PublicId
    station_id: PublicId | None = None
    lines: Lines
    expect_payable_fen: FenAmount
    note: Remark = ""
    using: Using = Field(default_factory=dict)
    address: DeliveryAddress | None = None
    payment: Annotated[str, Field(pattern="^(online|offline)$")] = "online"


class OrderForNeighbour(Body):
    """代下单: for a known member, or for a neighbour by name and place; `payer` says who pays."""

    cycle_id: PublicId
    station_id: PublicId
    member_id: PublicId | None = None
    nickname: Short | None = None
    place: Remark = ""
    lines: Lines
    expect_payable_fen: FenAmount | None = None
    payer: Brief = ""
    note: Remark = ""


class Discount(View):
    """What a promotion took off, in fen (negative for a fee)."""

    source: str
    label: str
    amount_fen: int


class PlacedLine(View):
    """One line of an order just placed, in fen."""

    id: PublicId
    offer_id: PublicId
    name: str
    spec: str
    unit: str
    quantity: int
    unit_price_fen: int
    payable_fen: int


class Placed(View):
    """An order just placed: what is to be paid until when, how the amount came about."""

    id: PublicId
    cycle_id: PublicId
    station_id: PublicId
    state: str
    state_words: str
    serial: int | None
    payment: str
    goods_fen: int
    fee_fen: int
    payable_fen: int
    points: int
    discounts: list[Discount]
    placed_at: datetime
    hold_until: datetime
    pay_within_seconds: int
    cut_off_at: datetime
    cut_off_in_seconds: int
    promised_from: datetime
    lines: list[PlacedLine]


@app.post("/orders", permission="order.place", hot=True, response_model=Placed)
async def place_order(body: NewOrder, call: CallOf) -> Response:
    wish = Placement(
        call.who.person_id, body.cycle_id, tuple([(line.offer_id, line.quantity) for line in body.lines]), call.who.by,
        station_id=body.station_id, expect_payable_fen=body.expect_payable_fen, note=body.note, payment=body.payment,
        using=using_of(body.using, body.address), address=sealed(call, body.address),
    )  # fmt: skip
    return await call.gather(place_gathered, wish)


def using_of(using: dict[str, Any], address: DeliveryAddress | None) -> dict[str, Any]:
    """Return what was chosen, with the province that the delivery fee depends on."""
    return using if address is None else {**using, "delivery": {"province": address.province}}


def sealed(call: Call, address: DeliveryAddress | None) -> dict[str, str] | None:
    """Return an address as it is kept: what the fee depends on in clear, the rest sealed."""
    if address is None:
        return None
    secret = json.encode({"name": address.name, "phone": address.phone, "street": address.street}).decode()
    clear = {"province": address.province, "city": address.city, "district": address.district}
    return clear | {"sealed": seal(call.installation.key, ADDRESS, secret)}


@leader.post("/orders", permission="order.on_behalf")
async def order_for_neighbour(body: OrderForNeighbour, call: CallOf) -> Row:
    async def work(tx: Tx) -> Row:
        placed = await place_for_neighbour(
            tx, leader_id=call.who.person_id, station_id=body.station_id, cycle_id=body.cycle_id,
            member_id=body.member_id, nickname=body.nickname, place_of=body.place,
            lines=[(line.offer_id, line.quantity) for line in body.lines],
            expect_payable_fen=body.expect_payable_fen, payer=body.payer, note=body.note,
        )  # fmt: skip
        return (await rows(tx, [placed]))[0]

    return await call.write(work)

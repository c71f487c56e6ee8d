"""Routes of parcels: suppliers see what they are to send and enter parcels, members follow and receive them."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from msgspec import json
from pydantic import Field

from linli.fulfilment.parcel.commands import read_drop_ships, receive_parcel, send_parcel
from linli.fulfilment.parcel.model import ParcelState, ParcelValue
from linli.fulfilment.parcel.queries import DropShip, parcels_of_member
from linli.platform.database import Tx
from linli.platform.secrecy import unseal
from linli.platform.web import Audience, Body, CallOf, PublicId, Quantity, Short, View

app = Audience("app", "parcel")
supplier = Audience("supplier", "parcel")
routers = [app.router, supplier.router]
Limit = Annotated[int, Query(ge=1, le=200)]
ADDRESS = "ordering.address"


class SentLine(Body):
    """Pieces of a line that are in a parcel."""

    line_id: PublicId
    quantity: Quantity


class NewParcel(Body):
    """A parcel that was given to a carrier; without lines it holds all that is still to be sent."""

    carrier: Short
    tracking: Annotated[str, Field(min_length=4, max_length=40, pattern="^[A-Za-z0-9-]+$")]
    lines: Annotated[list[SentLine], Field(max_length=100)] | None = None


class ParcelView(View):
    """A parcel; `pieces` are line id → pieces."""

    id: PublicId
    order_id: PublicId
    carrier: str
    tracking: str
    state: ParcelState
    pieces: dict[str, int]
    sent_at: datetime
    received_at: datetime | None
    receive_by: datetime


class DropShipLine(View):
    """One line of an express order: pieces ordered and still to be sent."""

    line_id: PublicId
    name: str
    spec: str
    unit: str
    quantity: int
    to_send: int


class Receiver(View):
    """To whom and where an order goes."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str


class DropShipView(View):
    """An express order to be sent; the receiver is shown only while something is still to be sent."""

    order_id: PublicId
    cycle_id: PublicId
    state: str
    paid_at: datetime | None
    lines: list[DropShipLine]
    receiver: Receiver | None
    parcels: list[ParcelView]


class DropShipPage(View):
    """A page of express orders in order of id; `next` is null on the last one."""

    items: list[DropShipView]
    next: PublicId | None


def _parcel(found: ParcelValue) -> ParcelView:
    own = {name: getattr(found, name) for name in ParcelView.model_fields if name != "pieces"}
    return ParcelView(**own, pieces={str(line_id): count for line_id, count in found.pieces.items()})


def _view(drop: DropShip, receiver: Receiver | None) -> DropShipView:
    lines = [
        DropShipLine(
            line_id=line.id, name=line.name, spec=line.spec, unit=line.unit, quantity=line.quantity,
            to_send=drop.to_send.get(line.id, 0),
        )
        for line in drop.order.lines
    ]  # fmt: skip
    return DropShipView(
        order_id=drop.order.id, cycle_id=drop.order.cycle_id, state=str(drop.order.state), paid_at=drop.order.paid_at,
        lines=lines, receiver=receiver, parcels=[_parcel(each) for each in drop.parcels],
    )  # fmt: skip


@supplier.get("/drop-ships", permission="po.own")
async def list_drop_ships(call: CallOf, after: PublicId | None = None, limit: Limit = 50) -> DropShipPage:
    """List what is to be sent, with its receivers; whose address was read is written down with it."""
    async with call.reading() as tx:
        found, where = await read_drop_ships(tx, supplier_id=call.who.person_id, after=after, limit=limit)
    receivers = {
        order_id: Receiver(
            province=at.province, city=at.city, district=at.district,
            **json.decode(unseal(call.installation.key, ADDRESS, at.sealed)),
        )
        for order_id, at in where.items()
    }  # fmt: skip
    items = [_view(drop, receivers.get(drop.order.id)) for drop in found]
    return DropShipPage(items=items, next=items[-1].order_id if len(items) == limit else None)


@supplier.post("/drop-ships/{order_id}/parcels", permission="po.own")
async def enter_parcel(order_id: PublicId, body: NewParcel, call: CallOf) -> ParcelView:
    pieces = None if body.lines is None else {line.line_id: line.quantity for line in body.lines}

    async def work(tx: Tx) -> ParcelView:
        return _parcel(
            await send_parcel(
                tx, supplier_id=call.who.person_id, order_id=order_id, carrier=body.carrier, tracking=body.tracking,
                pieces=pieces,
            )
        )  # fmt: skip

    return await call.write(work)


@app.get("/orders/{order_id}/parcels", permission="order.own")
async def own_parcels(order_id: PublicId, call: CallOf) -> list[ParcelView]:
    async with call.reading() as tx:
        return [_parcel(each) for each in await parcels_of_member(tx, order_id, call.who.person_id)]


@app.post("/parcels/{parcel_id}/receipt", permission="order.own")
async def receive_own(parcel_id: PublicId, call: CallOf) -> ParcelView:
    async def work(tx: Tx) -> ParcelView:
        return _parcel(await receive_parcel(tx, parcel_id=parcel_id, member_id=call.who.person_id))

    return await call.write(work)

"""Routes of the pickup for leaders and helpers."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from linli.fulfilment.pickup import commands, queries
from linli.fulfilment.pickup.model import PickupValue
from linli.kernel.ids import parse_id
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Quantity, View

leader = Audience("leader", "pickup")
routers = [leader.router]
Words = Annotated[str, Query(max_length=40)]


class PickupAsked(Body):
    """A six-digit code, or orders; pieces (line id → pieces) only with one order."""

    station_id: PublicId
    code: Annotated[str, Field(pattern=r"^([0-9]{6})?$")] = ""
    order_ids: Annotated[list[PublicId], Field(max_length=50, default_factory=list)]
    pieces: Annotated[dict[str, Quantity], Field(max_length=200)] | None = None


class PickupView(View):
    """What became of one order; `already` with when and by whom where it had been handed over before."""

    order_id: PublicId
    serial: int | None
    already: bool
    complete: bool
    at: datetime | None
    by: str
    pieces: dict[str, int]


class WaitingLine(View):
    """One line of an order that waits: pieces still to be handed over."""

    id: PublicId
    name: str
    spec: str
    left: int


class WaitingOrder(View):
    """An order that waits at the station."""

    order_id: PublicId
    cycle_id: PublicId
    serial: int | None
    nickname: str
    place: str
    phone_tail: str
    lines: list[WaitingLine]


@leader.post("/pickups", permission="pickup.verify")
async def pick_up(body: PickupAsked, call: CallOf) -> list[PickupView]:
    pieces = None if body.pieces is None else {parse_id(line): n for line, n in body.pieces.items()}

    async def work(tx: Tx) -> list[PickupView]:
        done = await commands.pick_up(
            tx, leader_id=call.who.person_id, station_id=body.station_id, code=body.code,
            order_ids=body.order_ids, pieces=pieces,
        )  # fmt: skip
        return [_view(each) for each in done]

    return await call.write(work)


def _view(done: PickupValue) -> PickupView:
    given = {name: getattr(done, name) for name in PickupView.model_fields if name != "pieces"}
    return PickupView(**given, pieces={str(line): count for line, count in done.pieces.items()})


@leader.get("/pickups/waiting", permission="pickup.verify")
async def waiting(call: CallOf, station_id: PublicId, words: Words = "") -> list[WaitingOrder]:
    async with call.reading() as tx:
        found = await queries.waiting(tx, leader_id=call.who.person_id, station_id=station_id, words=words.strip())
    return [
        WaitingOrder(
            order_id=order.id, cycle_id=order.cycle_id, serial=order.serial, nickname=member.nickname,
            place=member.place, phone_tail=member.phone_tail,
            lines=[
                WaitingLine(
                    id=line.id, name=line.name, spec=line.spec,
                    left=line.quantity - line.short_quantity - line.collected_quantity,
                )
                for line in order.lines
            ],
        )
        for order, member in found
    ]  # fmt: skip

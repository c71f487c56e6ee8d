"""Routes of the handover: the driver sets down, the leader counts and signs, the operator sees all."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from linli.fulfilment.handover import commands, queries
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Remark, View

driver = Audience("driver", "handover")
leader = Audience("leader", "handover")
console = Audience("console", "handover")
routers = [driver.router, leader.router, console.router]
Totes = Annotated[int, Field(ge=0, le=9_999, strict=True)]


class Counted(Body):
    """How many totes were counted, and what there is to say about them."""

    totes: Totes
    note: Remark = ""


class Signed(View):
    """The handover that was signed; `repeated` when it was signed before."""

    id: PublicId
    repeated: bool = False


class HandoverView(View):
    """What a station gets: totes and pieces expected, totes counted by driver and leader."""

    id: PublicId
    cycle_id: PublicId
    station_id: PublicId
    leader_id: PublicId
    mode: str
    state: str
    expected_totes: int
    expected_pieces: int
    driver_totes: int | None
    leader_totes: int | None
    note: str
    delivered_at: datetime | None
    received_at: datetime | None


@driver.post("/stops/{stop_id}/handover", permission="handover.sign")
async def set_down(stop_id: PublicId, body: Counted, call: CallOf) -> Signed:
    async def work(tx: Tx) -> Signed:
        who = call.who.account_id
        done = await commands.set_down(tx, stop_id=stop_id, driver_id=who, totes=body.totes, note=body.note)
        return Signed(id=done)

    return await call.write(work)


@leader.get("/handovers", permission="handover.receive")
async def my_handovers(call: CallOf, cycle_id: PublicId | None = None) -> list[HandoverView]:
    async with call.reading() as tx:
        found = await queries.handovers(tx, leader_id=call.who.person_id, cycle_id=cycle_id)
        return [HandoverView.model_validate(each) for each in found]


@leader.post("/handovers/{handover_id}/receipt", permission="handover.receive")
async def receive(handover_id: PublicId, body: Counted, call: CallOf) -> Signed:
    async def work(tx: Tx) -> Signed:
        who = call.who.person_id
        fresh = await commands.receive(tx, handover_id=handover_id, leader_id=who, totes=body.totes, note=body.note)
        return Signed(id=handover_id, repeated=not fresh)

    return await call.write(work)


@console.get("/cycles/{cycle_id}/handovers", permission="route.manage")
async def handovers_of_cycle(cycle_id: PublicId, call: CallOf) -> list[HandoverView]:
    async with call.reading() as tx:
        return [HandoverView.model_validate(each) for each in await queries.handovers(tx, cycle_id=cycle_id)]

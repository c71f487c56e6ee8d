"""Routes of cycles: the console plans them, members and leaders see the ones they can order in."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field as Limits

from linli.people import member, stations_of_leader
from linli.platform.database import Tx
from linli.platform.partitions import ensure_partitions
from linli.platform.web import Audience, Body, Call, CallOf, PublicId, View
from linli.sale.cycle import commands, queries, rules
from linli.sale.cycle.model import CycleState, Scope

console = Audience("console", "cycle")
app = Audience("app", "cycle")
leader = Audience("leader", "cycle")
routers = [console.router, app.router, leader.router]

NO_STATION = 0  # a member bound to none sees what is for the whole region
_ready: set[tuple[str, date]] = set()


class NewCycle(Body):
    """A cycle to be planned: for the whole region, or for the named stations."""

    delivery_date: date
    station_ids: Annotated[list[PublicId], Limits(max_length=500, default_factory=list)]


class CycleView(View):
    """A cycle as the console shows it."""

    id: PublicId
    delivery_date: date
    state: CycleState
    scope: Scope
    station_ids: tuple[PublicId, ...]
    timezone: str
    publish_at: datetime
    opens_at: datetime
    cut_off_at: datetime
    grace_until: datetime
    demand_at: datetime
    supplier_arrival: datetime
    sorted_by: datetime
    promised_from: datetime
    delivered_by: datetime
    day_settled: datetime
    closings: int
    closed_at: datetime | None


class CyclePage(View):
    """One page of cycles, the latest delivery date first."""

    items: list[CycleView]
    next: PublicId | None


class OpenCycle(View):
    """A cycle as members and leaders see it: until when they can order, from when they can collect."""

    id: PublicId
    delivery_date: date
    state: CycleState
    opens_at: datetime
    cut_off_at: datetime
    promised_from: datetime
    delivered_by: datetime


class OpenCycles(View):
    """The cycles in which can be ordered now; `now` is the server's clock, for the countdown."""

    now: datetime
    items: list[OpenCycle]


async def prepare_day(call: Call, delivery_date: date) -> None:
    """Make the partitions of a delivery date before a cycle is written for it; costs nothing once it is known."""
    key = (call.installation.db.url, delivery_date)
    if key in _ready:
        return
    async with call.reading() as tx:
        wanted = await queries.publishable(tx, delivery_date)
    if wanted:
        await ensure_partitions(call.installation.db, [delivery_date])
        _ready.add(key)


@console.post("/cycles", permission="cycle.manage")
async def publish(body: NewCycle, call: CallOf) -> CycleView:
    await prepare_day(call, body.delivery_date)

    async def work(tx: Tx) -> CycleView:
        made = await commands.publish(tx, delivery_date=body.delivery_date, station_ids=body.station_ids)
        return CycleView.model_validate(await queries.cycle(tx, made))

    return await call.write(work)


@console.get("/cycles", permission="papers.read")
async def list_cycles(
    call: CallOf, after: PublicId | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> CyclePage:
    async with call.reading() as tx:
        found = await queries.cycles(tx, before=after, limit=limit)
    items = [CycleView.model_validate(each) for each in found]
    return CyclePage(items=items, next=found[-1].id if len(found) == limit else None)


@console.get("/cycles/{cycle_id}", permission="papers.read")
async def get_cycle(cycle_id: PublicId, call: CallOf) -> CycleView:
    async with call.reading() as tx:
        return CycleView.model_validate(await queries.cycle(tx, cycle_id))


@app.get("/cycles/current", permission="shop.browse")
async def members_cycles(call: CallOf) -> OpenCycles:
    async with call.reading() as tx:
        station_id = (await member(tx, call.who.person_id)).station_id or NO_STATION
        found = await queries.current_cycles(tx, station_id)
        return OpenCycles(now=tx.now, items=[OpenCycle.model_validate(each) for each in found])


@leader.get("/cycles/current", permission="station.own")
async def leaders_cycles(call: CallOf) -> OpenCycles:
    async with call.reading() as tx:
        own = [each.id for each in await stations_of_leader(tx, call.who.person_id)]
        found = [each for each in await queries.current_cycles(tx) if any(rules.covers(each, id) for id in own)]
        return OpenCycles(now=tx.now, items=[OpenCycle.model_validate(each) for each in found])

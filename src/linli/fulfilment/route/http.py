"""Routes of the way: plans for operators, trips and stops for drivers, the route sheet as PDF."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from fastapi import Response
from pydantic import Field

from linli.fulfilment.route import commands, queries
from linli.fulfilment.route.model import RunValue
from linli.platform import papers
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Short, View

console = Audience("console", "route")
driver = Audience("driver", "route")
routers = [console.router, driver.router]


class StopView(View):
    """One visit of a trip: where, when planned, when reached, and what is handed over."""

    id: PublicId
    position: int
    station_id: PublicId
    state: str
    arrive_at: datetime
    arrived_at: datetime | None
    totes: int
    pieces: int


class RunView(View):
    """A trip: metres, grams and millilitres, departure and return as planned, and its stops in order."""

    id: PublicId
    cycle_id: PublicId
    vehicle_id: PublicId
    driver_id: PublicId
    state: str
    distance_m: int
    weight_g: int
    volume_ml: int
    depart_at: datetime
    return_at: datetime
    departed_at: datetime | None
    stops: list[StopView]


class GuidedStop(StopView):
    """A stop as its driver sees it: with the station, its leader's masked phone, opening minutes and tote codes."""

    station_name: str
    community_name: str
    address: str
    lat_e6: int
    lng_e6: int
    opens_minute: int
    closes_minute: int
    leader_name: str
    leader_phone: str
    tote_codes: list[str]


class DriverRun(RunView):
    """A trip as its driver sees it."""

    stops: list[GuidedStop]  # type: ignore[assignment]


class PlanView(View):
    """The trips of a cycle, and the stations that no vehicle can serve; None before there is a plan."""

    runs: list[RunView]
    unserved: list[PublicId] | None


class Wished(View):
    """The plan will be there in a moment."""

    cycle_id: PublicId


class Loading(Body):
    """The codes of the totes that stand in the vehicle."""

    tote_codes: list[Short] = Field(max_length=2_000)


class Arrival(View):
    """Where the driver is."""

    station_id: PublicId


@console.post("/cycles/{cycle_id}/route-plan", permission="route.manage")
async def plan_again(cycle_id: PublicId, call: CallOf) -> Wished:
    async def work(tx: Tx) -> Wished:
        await commands.plan_routes(tx, cycle_id=cycle_id)
        return Wished(cycle_id=cycle_id)

    return await call.write(work)


@console.get("/cycles/{cycle_id}/runs", permission="route.manage")
async def plan_of_cycle(cycle_id: PublicId, call: CallOf) -> PlanView:
    async with call.reading() as tx:
        runs = [RunView.model_validate(run) for run in await queries.runs(tx, cycle_id)]
        return PlanView(runs=runs, unserved=await queries.unserved(tx, cycle_id))


@console.get("/runs/{run_id}/sheet.pdf", permission="papers.read")
async def print_sheet(run_id: PublicId, call: CallOf) -> Response:
    async with call.reading() as tx:
        sheet = await queries.sheet_of(tx, await queries.run(tx, run_id))
    content = await asyncio.to_thread(papers.pdf, "route_sheet", sheet)
    return Response(content, media_type="application/pdf")


@driver.get("/runs", permission="run.drive")
async def my_runs(call: CallOf) -> list[DriverRun]:
    async with call.reading() as tx:
        return await _guided(tx, await queries.runs_of_driver(tx, call.who.account_id))


@driver.post("/runs/{run_id}/loading", permission="run.drive")
async def load(run_id: PublicId, body: Loading, call: CallOf) -> DriverRun:
    async def work(tx: Tx) -> DriverRun:
        await commands.load(tx, run_id=run_id, driver_id=call.who.account_id, tote_codes=body.tote_codes)
        return (await _guided(tx, [await queries.run(tx, run_id)]))[0]

    return await call.write(work)


@driver.post("/runs/{run_id}/departure", permission="run.drive")
async def depart(run_id: PublicId, call: CallOf) -> DriverRun:
    async def work(tx: Tx) -> DriverRun:
        await commands.depart(tx, run_id=run_id, driver_id=call.who.account_id)
        return (await _guided(tx, [await queries.run(tx, run_id)]))[0]

    return await call.write(work)


@driver.post("/stops/{stop_id}/arrival", permission="run.drive")
async def arrive(stop_id: PublicId, call: CallOf) -> Arrival:
    async def work(tx: Tx) -> Arrival:
        return Arrival(station_id=await commands.arrive(tx, stop_id=stop_id, driver_id=call.who.account_id))

    return await call.write(work)


async def _guided(tx: Tx, runs: Sequence[RunValue]) -> list[DriverRun]:
    """Return runs with what their driver needs at each stop."""
    guides = await queries.guides(tx, runs)
    return [
        DriverRun(
            **{name: getattr(run, name) for name in RunView.model_fields if name != "stops"},
            stops=[GuidedStop(**asdict(stop), **asdict(guides[stop.id])) for stop in run.stops],
        )
        for run in runs
    ]

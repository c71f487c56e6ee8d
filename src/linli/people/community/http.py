"""Console routes for regions, clocks, communities and stations; the stations near a member; a leader's own page."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from linli.kernel.calendar import RegionClock
from linli.people.access.model import HEAD_OFFICE
from linli.people.community import commands
from linli.people.community.model import Mode
from linli.people.community.queries import (
    clock_of,
    communities,
    community,
    page_of_stations,
    region,
    regions,
    station,
    stations,
    stations_of_leader,
)
from linli.people.community.rules import nearest, parse_place
from linli.people.leader.queries import leader
from linli.platform.access import PermissionMissing
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, Count, PublicId, RegionNumber, Remark, Short, View

console = Audience("console", "community")
app = Audience("app", "community")
leader_app = Audience("leader", "community")
routers = [console.router, app.router, leader_app.router]

Latitude = Annotated[int, Field(ge=-90_000_000, le=90_000_000, strict=True, description="millionths of a degree")]
Longitude = Annotated[int, Field(ge=-180_000_000, le=180_000_000, strict=True, description="millionths of a degree")]
DayMinute = Annotated[int, Field(ge=0, le=1440, strict=True, description="minutes since midnight")]
UnloadMinutes = Annotated[int, Field(ge=0, le=240, strict=True)]
Limit = Annotated[int, Query(ge=1, le=200)]
ClockValues = dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=60)] | int]


class NewRegion(Body):
    """A region to open: its number, its name, and its clock where it differs from the default."""

    number: RegionNumber
    name: Short
    timezone: Short = "Asia/Shanghai"
    clock: ClockValues = Field(default_factory=dict)


class RegionView(View):
    """A region."""

    id: int
    name: str
    active: bool


class NewClock(Body):
    """The wall times of a day as HH:MM and durations in minutes; what is missing takes its default."""

    clock: ClockValues
    reason: Remark = ""


class ClockView(View):
    """The clock that the next published cycle will copy."""

    region: int
    clock: dict[str, str | int]


class NewCommunity(Body):
    """A residential compound."""

    name: Short
    address: Remark = ""
    lat_e6: Latitude
    lng_e6: Longitude
    households: Count = 0


class CommunityView(View):
    """A community of the region."""

    id: PublicId
    name: str
    address: str
    lat_e6: int
    lng_e6: int
    households: int


class CommunityPage(View):
    """Some communities, and the id to go on after."""

    items: list[CommunityView]
    next: PublicId | None


class NewStation(Body):
    """A station to open; where no place is given it stands where its community does."""

    community_id: PublicId
    leader_id: PublicId
    name: Short
    address: Remark = ""
    lat_e6: Latitude | None = None
    lng_e6: Longitude | None = None
    mode: Mode = Mode.delivery
    unload_minutes: UnloadMinutes = 10
    opens_minute: DayMinute = 8 * 60
    closes_minute: DayMinute = 21 * 60


class StationChange(Body):
    """What to change of a station; what is not given stays."""

    leader_id: PublicId | None = None
    address: Remark | None = None
    lat_e6: Latitude | None = None
    lng_e6: Longitude | None = None
    mode: Mode | None = None
    unload_minutes: UnloadMinutes | None = None
    opens_minute: DayMinute | None = None
    closes_minute: DayMinute | None = None
    active: bool | None = None


class StationView(View):
    """A station of the region."""

    id: PublicId
    name: str
    community_id: PublicId
    community_name: str
    leader_id: PublicId
    address: str
    lat_e6: int
    lng_e6: int
    mode: str
    unload_minutes: int
    opens_minute: int
    closes_minute: int
    active: bool


class StationPage(View):
    """Some stations, and the id to go on after."""

    items: list[StationView]
    next: PublicId | None


class NearStation(View):
    """A station as a member sees it, with the metres to it where the member said where they are."""

    id: PublicId
    name: str
    community_name: str
    address: str
    opens_minute: int
    closes_minute: int
    distance_m: int | None = None


class LeaderMe(View):
    """The leader who asks, and their stations."""

    id: PublicId
    name: str
    level: str
    state: str
    phone_tail: str
    stations: list[StationView]


@console.post("/regions", permission="region.manage")
async def add_region(body: NewRegion, call: CallOf) -> RegionView:
    if call.who.region_id != HEAD_OFFICE:
        raise PermissionMissing("only head office opens regions")
    clock = {"timezone": body.timezone, **body.clock}

    async def open_it(tx: Tx) -> RegionView:
        await commands.add_region(tx, region_id=body.number, name=body.name)
        return RegionView.model_validate(await region(tx, body.number))

    async def set_its_clock(tx: Tx) -> RegionView:
        await commands.set_clock(tx, values=clock, reason="opened")
        return RegionView.model_validate(await region(tx, body.number))

    # The clock is a row of the new region, so it is set in a transaction of its own; it is read here first, so that a
    # clock that contradicts itself leaves no region behind.
    RegionClock.parse(clock)
    await call.write(open_it, region_id=HEAD_OFFICE)
    return await call.write(set_its_clock, region_id=body.number)


@console.get("/regions", permission="session.own")
async def list_regions(call: CallOf) -> list[RegionView]:
    async with call.reading(call.who.region_id) as tx:
        found = await regions(tx)
    mine = [each for each in found if call.who.region_id in (HEAD_OFFICE, each.id)]
    return [RegionView.model_validate(each) for each in mine]


@console.get("/clock", permission="region.manage")
async def show_clock(call: CallOf) -> ClockView:
    async with call.reading() as tx:
        return ClockView(region=tx.region_id, clock=(await clock_of(tx)).as_mapping())


@console.put("/clock", permission="region.manage")
async def change_clock(body: NewClock, call: CallOf) -> ClockView:
    async def work(tx: Tx) -> ClockView:
        await region(tx, tx.region_id)
        clock = await commands.set_clock(tx, values=dict(body.clock), reason=body.reason)
        return ClockView(region=tx.region_id, clock=clock.as_mapping())

    return await call.write(work)


@console.post("/communities", permission="station.manage")
async def add_community(body: NewCommunity, call: CallOf) -> CommunityView:
    async def work(tx: Tx) -> CommunityView:
        await region(tx, tx.region_id)
        number = await commands.add_community(tx, **dict(body))
        return CommunityView.model_validate(await community(tx, number))

    return await call.write(work)


@console.get("/communities", permission="station.manage")
async def list_communities(call: CallOf, after: PublicId = 0, limit: Limit = 50) -> CommunityPage:
    async with call.reading() as tx:
        found = await communities(tx, after=after, limit=limit)
    items = [CommunityView.model_validate(each) for each in found]
    return CommunityPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.post("/stations", permission="station.manage")
async def open_station(body: NewStation, call: CallOf) -> StationView:
    given: dict[str, Any] = {name: value for name, value in body if name not in ("lat_e6", "lng_e6")}
    if body.lat_e6 is not None and body.lng_e6 is not None:
        given["place"] = (body.lat_e6, body.lng_e6)

    async def work(tx: Tx) -> StationView:
        number = await commands.open_station(tx, **given)
        return StationView.model_validate(await station(tx, number))

    return await call.write(work)


@console.get("/stations", permission="station.manage")
async def list_stations(call: CallOf, after: PublicId = 0, limit: Limit = 50) -> StationPage:
    async with call.reading() as tx:
        found = await page_of_stations(tx, after=after, limit=limit)
    items = [StationView.model_validate(each) for each in found]
    return StationPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.put("/stations/{station_id}", permission="station.manage")
async def change_station(station_id: PublicId, body: StationChange, call: CallOf) -> StationView:
    changes = {name: str(value) if name == "mode" else value for name, value in body if value is not None}

    async def work(tx: Tx) -> StationView:
        return StationView.model_validate(await commands.change_station(tx, station_id=station_id, changes=changes))

    return await call.write(work)


@app.get("/stations", permission="shop.browse")
async def find_stations(
    call: CallOf, near: Annotated[str, Query(max_length=50)] = "", limit: Limit = 50
) -> list[NearStation]:
    async with call.reading() as tx:
        open_ones = [each for each in (await stations(tx)).values() if each.active]
    if not near:
        return [NearStation.model_validate(each) for each in open_ones[:limit]]
    ranked = nearest(open_ones, *parse_place(near))[:limit]
    return [NearStation.model_validate(each).model_copy(update={"distance_m": metres}) for metres, each in ranked]


@leader_app.get("/me", permission="session.own")
async def show_me(call: CallOf) -> LeaderMe:
    async with call.reading() as tx:
        me = await leader(tx, call.who.person_id)
        own = [StationView.model_validate(each) for each in await stations_of_leader(tx, me.id)]
    return LeaderMe(id=me.id, name=me.name, level=me.level, state=me.state, phone_tail=me.phone_tail, stations=own)

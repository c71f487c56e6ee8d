"""Opening regions, setting their clock, and adding communities and stations."""

from __future__ import annotations

from typing import Any

from linli.kernel.calendar import RegionClock
from linli.kernel.refusals import Conflict
from linli.people.community import store
from linli.people.community.events import StationOpened
from linli.people.community.model import Mode, StationValue
from linli.people.community.queries import clock_of, community, station
from linli.people.community.rules import check_hours
from linli.people.community.settings import CLOCK
from linli.people.contact.commands import notify
from linli.people.leader.model import LOCKED_OUT
from linli.people.leader.queries import leader
from linli.platform.database import Tx
from linli.platform.settings import change


class RegionTaken(Conflict):
    """The number belongs to a region already."""

    title = "该区域编号已存在"


class CommunityTaken(Conflict):
    """The region has a community of this name."""

    title = "本区域已有同名小区"


class StationTaken(Conflict):
    """The community has a station of this name."""

    title = "本小区已有同名自提点"


class LeaderCannotRun(Conflict):
    """A leader who is suspended or has left runs no station."""

    title = "该团长不能负责自提点"


async def add_region(tx: Tx, *, region_id: int, name: str) -> None:
    """Open a region under a number from 1 to 1048575, with the default clock; refuses RegionTaken.

    In a transaction of region 0.
    """
    if not await store.add_region(tx, region_id, name):
        raise RegionTaken(f"region {region_id} exists", number=region_id)


async def set_clock(tx: Tx, *, values: dict[str, str | int], reason: str) -> RegionClock:
    """Set the clock of the transaction's region from now on; cycles that were published keep the instants they copied.

    What is not given takes its default. Refuses ClockUnreadable and ClockContradiction.
    """
    whole = RegionClock.parse(values).as_mapping()
    await change(tx, name=CLOCK.name, value=whole, valid_from=tx.now, reason=reason)
    return await clock_of(tx)


async def add_community(tx: Tx, *, name: str, address: str, lat_e6: int, lng_e6: int, households: int) -> int:
    """Add a community to the region and return its id; refuses CommunityTaken."""
    community_id = await tx.new_id()
    row = {"id": community_id, "name": name, "address": address, "lat_e6": lat_e6, "lng_e6": lng_e6}
    if not await store.add_community(tx, {**row, "households": households}):
        raise CommunityTaken(f"there is a community {name}")
    return community_id


async def open_station(
    tx: Tx,
    *,
    community_id: int,
    leader_id: int,
    name: str,
    address: str = "",
    place: tuple[int, int] | None = None,
    mode: Mode = Mode.delivery,
    unload_minutes: int = 10,
    opens_minute: int = 8 * 60,
    closes_minute: int = 21 * 60,
) -> int:
    """Open a station of a leader in a community (its place too, when none is given) and return its id.

    Refuses NoSuchCommunity, NoSuchLeader, LeaderCannotRun, HoursContradict and StationTaken.
    """
    check_hours(opens_minute, closes_minute)
    where = await community(tx, community_id)
    await _may_run(tx, leader_id)
    lat_e6, lng_e6 = place or (where.lat_e6, where.lng_e6)
    station_id = await tx.new_id()
    row = {"id": station_id, "community_id": community_id, "leader_id": leader_id, "name": name, "address": address}
    row |= {"lat_e6": lat_e6, "lng_e6": lng_e6, "mode": str(mode), "unload_minutes": unload_minutes}
    row |= {"opens_minute": opens_minute, "closes_minute": closes_minute, "active": True}
    if not await store.add_station(tx, row):
        raise StationTaken(f"there is a station {name} in this community")
    await tx.announce(StationOpened(tx.region_id, station_id, leader_id, community_id))
    await notify(tx, to=f"leader:{leader_id}", event="station.opened", facts={"station": name})
    return station_id


async def change_station(tx: Tx, *, station_id: int, changes: dict[str, Any]) -> StationValue:
    """Change a station (leader_id, address, lat_e6, lng_e6, mode, unload_minutes, opens_minute, closes_minute, active).

    Refuses NoSuchStation, NoSuchLeader, LeaderCannotRun and HoursContradict.
    """
    before = await station(tx, station_id)
    opens, closes = changes.get("opens_minute"), changes.get("closes_minute")
    check_hours(before.opens_minute if opens is None else opens, before.closes_minute if closes is None else closes)
    if "leader_id" in changes:
        await _may_run(tx, changes["leader_id"])
    if changes:
        await store.change_station(tx, station_id, changes)
    return await station(tx, station_id)


async def _may_run(tx: Tx, leader_id: int) -> None:
    found = await leader(tx, leader_id)
    if found.state in LOCKED_OUT:
        raise LeaderCannotRun(f"the leader is {found.state}", state=found.state)

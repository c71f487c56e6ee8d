"""Regions, their clock, communities and stations as other rooms and screens read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from linli.kernel.calendar import RegionClock
from linli.kernel.refusals import NotFound
from linli.people.community.model import CommunityValue, RegionValue, StationValue
from linli.people.community.records import CommunityRow, RegionRow, StationRow
from linli.people.community.settings import CLOCK
from linli.platform.database import Hot, Tx
from linli.platform.settings import value_of

STATION = (
    StationRow.id, StationRow.name, CommunityRow.name.label("community_name"), StationRow.community_id,
    StationRow.leader_id, StationRow.address, StationRow.lat_e6, StationRow.lng_e6, StationRow.mode,
    StationRow.unload_minutes, StationRow.opens_minute, StationRow.closes_minute, StationRow.active,
)  # fmt: skip
STATIONS = Hot(
    "SELECT s.id, s.name, c.name, s.community_id, s.leader_id, s.address, s.lat_e6, s.lng_e6, s.mode, "
    "s.unload_minutes, s.opens_minute, s.closes_minute, s.active FROM people.stations AS s "
    "JOIN people.communities AS c ON c.region_id = s.region_id AND c.id = s.community_id "
    "WHERE s.region_id = :region_id AND s.id = ANY(:ids) "
    "ORDER BY s.id"
)
COMMUNITY = (
    CommunityRow.id, CommunityRow.name, CommunityRow.address, CommunityRow.lat_e6, CommunityRow.lng_e6,
    CommunityRow.households,
)  # fmt: skip


class NoSuchRegion(NotFound):
    """There is no such region."""

    title = "没有这个区域"


class NoSuchCommunity(NotFound):
    """There is no such community in this region."""

    title = "没有这个小区"


class NoSuchStation(NotFound):
    """There is no such station in this region."""

    title = "没有这个自提点"


async def regions(tx: Tx) -> list[RegionValue]:
    """Return all regions in the order of their numbers."""
    found = await tx.execute(select(RegionRow.id, RegionRow.name, RegionRow.active).order_by(RegionRow.id))
    return [RegionValue(*row) for row in found]


async def region(tx: Tx, region_id: int) -> RegionValue:
    """Return one region; refuses NoSuchRegion."""
    columns = (RegionRow.id, RegionRow.name, RegionRow.active)
    row = (await tx.execute(select(*columns).where(RegionRow.id == region_id))).first()
    if row is None:
        raise NoSuchRegion(f"no region {region_id}")
    return RegionValue(*row)


async def clock_of(tx: Tx, at: datetime | None = None) -> RegionClock:
    """Return the clock of the transaction's region as it is set at an instant (now when none is given)."""
    values = await value_of(tx, CLOCK, at)
    return RegionClock.parse(values)


async def community(tx: Tx, community_id: int) -> CommunityValue:
    """Return a community of the region; refuses NoSuchCommunity."""
    here = (CommunityRow.region_id == tx.region_id, CommunityRow.id == community_id)
    row = (await tx.execute(select(*COMMUNITY).where(*here))).first()
    if row is None:
        raise NoSuchCommunity(f"no community {community_id}")
    return CommunityValue(*row)


async def communities(tx: Tx, *, after: int, limit: int) -> list[CommunityValue]:
    """Return the communities of the region that follow an id."""
    where = (CommunityRow.region_id == tx.region_id, CommunityRow.id > after)
    found = await tx.execute(select(*COMMUNITY).where(*where).order_by(CommunityRow.id).limit(limit))
    return [CommunityValue(*row) for row in found]


async def station(tx: Tx, station_id: int) -> StationValue:
    """Return a station of the region; refuses NoSuchStation."""
    found = await _stations(tx, StationRow.id == station_id)
    if not found:
        raise NoSuchStation(f"no station {station_id}")
    return found[0]


async def stations(tx: Tx, ids: Iterable[int] | None = None) -> dict[int, StationValue]:
    """Return stations of the region by id, all of them (closed ones too) when no ids are given."""
    if ids is None:
        return {each.id: each for each in await _stations(tx)}
    found = await tx.quick(STATIONS, {"region_id": tx.region_id, "ids": sorted(set(ids))})
    return {row[0]: StationValue(*row) for row in found}


async def page_of_stations(tx: Tx, *, after: int, limit: int) -> list[StationValue]:
    """Return the stations of the region that follow an id."""
    return await _stations(tx, StationRow.id > after, limit=limit)


async def stations_of_leader(tx: Tx, leader_id: int) -> list[StationValue]:
    """Return the stations of a leader, closed ones too, the oldest first."""
    return await _stations(tx, StationRow.leader_id == leader_id)


async def leader_of_station(tx: Tx, station_id: int) -> int:
    """Return the leader who runs a station; refuses NoSuchStation."""
    here = (StationRow.region_id == tx.region_id, StationRow.id == station_id)
    leader_id = await tx.scalar(select(StationRow.leader_id).where(*here))
    if leader_id is None:
        raise NoSuchStation(f"no station {station_id}")
    return int(leader_id)


async def _stations(tx: Tx, *where: Any, limit: int | None = None) -> list[StationValue]:
    same = (CommunityRow.region_id == StationRow.region_id) & (CommunityRow.id == StationRow.community_id)
    wanted = select(*STATION).join(CommunityRow, same).where(StationRow.region_id == tx.region_id, *where)
    return [StationValue(*row) for row in await tx.execute(wanted.order_by(StationRow.id).limit(limit))]

"""Members as other rooms and screens read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from linli.kernel.refusals import Conflict, NotFound
from linli.people.community.model import StationValue
from linli.people.community.queries import station, stations_of_leader
from linli.people.member.model import MemberValue
from linli.people.member.records import BindingRow, MemberRow
from linli.people.member.store import MEMBER
from linli.platform.database import Hot, Tx

MEMBERS = Hot(
    "SELECT id, account_id, nickname, place, phone_tail, station_id, orders_paid FROM people.members "
    "WHERE region_id = :region_id AND id = ANY(:ids)"
)


class NoSuchMember(NotFound):
    """There is no such member in this region."""

    title = "没有这位会员"


class NotBound(Conflict):
    """The member has not chosen a station yet."""

    title = "请先选择自提点"


async def member(tx: Tx, member_id: int) -> MemberValue:
    """Return a member of the region; refuses NoSuchMember."""
    found = (await members(tx, [member_id])).get(member_id)
    if found is None:
        raise NoSuchMember(f"no member {member_id}")
    return found


async def members(tx: Tx, ids: Iterable[int]) -> dict[int, MemberValue]:
    """Return members of the region by id."""
    found = await tx.quick(MEMBERS, {"region_id": tx.region_id, "ids": sorted(set(ids))})
    return {row[0]: MemberValue(*row) for row in found}


async def bound_station(tx: Tx, member_id: int) -> StationValue:
    """Return the station a member is bound to; refuses NoSuchMember and NotBound."""
    bound = (await member(tx, member_id)).station_id
    if bound is None:
        raise NotBound("choose a station first")
    return await station(tx, bound)


async def page_of_members(
    tx: Tx, *, after: int, limit: int, station_ids: Sequence[int] | None = None
) -> list[MemberValue]:
    """Return the members of the region (of some stations, when given) that follow an id."""
    where: list[Any] = [MemberRow.region_id == tx.region_id, MemberRow.id > after]
    if station_ids is not None:
        where.append(MemberRow.station_id.in_(station_ids))
    found = await tx.execute(select(*MEMBER).where(*where).order_by(MemberRow.id).limit(limit))
    return [MemberValue(*row) for row in found]


async def members_of_leader(tx: Tx, leader_id: int, *, after: int, limit: int) -> list[MemberValue]:
    """Return the members bound to a leader's stations that follow an id."""
    own = [each.id for each in await stations_of_leader(tx, leader_id)]
    return await page_of_members(tx, after=after, limit=limit, station_ids=own)


async def bindings(tx: Tx, member_id: int) -> list[BindingRow]:
    """Return to which stations a member belonged, the oldest first."""
    here = (BindingRow.region_id == tx.region_id, BindingRow.member_id == member_id)
    return list(await tx.all(select(BindingRow).where(*here).order_by(BindingRow.id)))

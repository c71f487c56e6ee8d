"""Members join, are bound to stations, are written down by leaders, and have their paid orders counted."""

from __future__ import annotations

from linli.kernel.refusals import Conflict
from linli.people.community.queries import region, station
from linli.people.contact.commands import notify
from linli.people.member import store
from linli.people.member.events import MemberJoined
from linli.people.member.model import How, MemberValue
from linli.people.member.queries import NoSuchMember
from linli.platform.database import Tx


class StationClosed(Conflict):
    """The station takes no members at present."""

    title = "该自提点暂不营业"


async def join(
    tx: Tx, *, account_id: int, nickname: str, phone_tail: str, station_id: int | None = None
) -> MemberValue:
    """Return the member that an account is in this region, made when there is none; a first station from a link binds.

    Announces MemberJoined; refuses NoSuchRegion, NoSuchStation and StationClosed.
    """
    known = await store.member_of_account(tx, account_id)
    if known is not None and (station_id is None or known.station_id is not None):
        return known
    if known is not None and station_id is not None:
        return await bind(tx, member_id=known.id, station_id=station_id, how=How.link)
    # A station that is found proves its region too: one question less where a whole town signs up in an evening.
    await (_open_station(tx, station_id) if station_id is not None else region(tx, tx.region_id))
    row = {"id": await tx.new_id(), "account_id": account_id, "nickname": nickname or f"邻居{phone_tail}", "place": ""}
    if not await store.add_member(tx, {**row, "phone_tail": phone_tail, "station_id": station_id}):
        twin = await store.member_of_account(tx, account_id)
        assert twin is not None
        return twin
    fresh = MemberValue(**row, phone_tail=phone_tail, station_id=station_id, orders_paid=0)  # type: ignore[arg-type]
    if station_id is not None:
        await store.add_binding(tx, fresh.id, station_id, How.link)
    await tx.announce(MemberJoined(tx.region_id, fresh.id, account_id, station_id))
    return fresh


async def bind(tx: Tx, *, member_id: int, station_id: int, how: How = How.chosen) -> MemberValue:
    """Bind a member to a station and keep the history; the same station again changes nothing.

    Refuses NoSuchMember, NoSuchStation and StationClosed.
    """
    known = await store.locked_member(tx, member_id)
    if known is None:
        raise NoSuchMember(f"no member {member_id}")
    if known.station_id == station_id:
        return known
    name = await _open_station(tx, station_id)
    await store.end_binding(tx, member_id)
    await store.add_binding(tx, member_id, station_id, how)
    await store.change_member(tx, member_id, {"station_id": station_id})
    await notify(tx, to=f"member:{member_id}", event="member.rebound", facts={"station": name})
    changed = await store.locked_member(tx, member_id)
    assert changed is not None
    return changed


async def describe(tx: Tx, *, member_id: int, nickname: str, place: str) -> MemberValue:
    """Set how a member is called and where they live; refuses NoSuchMember."""
    if not await store.change_member(tx, member_id, {"nickname": nickname, "place": place}):
        raise NoSuchMember(f"no member {member_id}")
    changed = await store.locked_member(tx, member_id)
    assert changed is not None
    return changed


async def find_or_add_neighbour(tx: Tx, *, station_id: int, nickname: str, place: str) -> int:
    """Return the member without account of this name and place at a station, written down when new.

    Refuses NoSuchStation.
    """
    nickname, place = nickname.strip(), place.strip()
    found = await store.neighbour(tx, station_id, nickname, place)
    if found is not None:
        return found
    await station(tx, station_id)
    member_id = await tx.new_id()
    row = {"id": member_id, "account_id": None, "nickname": nickname, "place": place, "phone_tail": ""}
    if await store.add_member(tx, {**row, "station_id": station_id}):
        await store.add_binding(tx, member_id, station_id, How.leader)
        return member_id
    found = await store.neighbour(tx, station_id, nickname, place)
    assert found is not None
    return found


async def count_paid_order(tx: Tx, *, member_id: int) -> int:
    """Count one more paid order of a member and return how many there are now; refuses NoSuchMember."""
    counted = await store.count_paid_order(tx, member_id)
    if counted is None:
        raise NoSuchMember(f"no member {member_id}")
    return counted


async def _open_station(tx: Tx, station_id: int) -> str:
    found = await station(tx, station_id)
    if not found.active:
        raise StationClosed("this station is closed at present")
    return found.name

"""Finding the orders of somebody who stands at the station."""

from __future__ import annotations

from linli import ordering, people, sale
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx

COLLECTING = ("delivering", "collecting", "settled")
DAYS_TO_COLLECT = 14  # the newest so many cycles are searched: what nobody fetched by then is no longer at a station
SHOWN = 50


class StationNotOwn(NotFound):
    """The leader has no such station."""

    title = "没有这个自提点"


async def own_station(tx: Tx, leader_id: int, station_id: int) -> None:
    """Refuse StationNotOwn unless the station is the leader's."""
    if station_id not in {station.id for station in await people.stations_of_leader(tx, leader_id)}:
        raise StationNotOwn(f"no station {station_id} of yours")


async def cycles_at_stations(tx: Tx) -> list[int]:
    """Return the cycles whose goods may still stand at stations, newest first."""
    return [cycle.id for cycle in await sale.cycles(tx, limit=DAYS_TO_COLLECT) if cycle.state in COLLECTING]


async def waiting(
    tx: Tx, *, leader_id: int, station_id: int, words: str
) -> list[tuple[ordering.OrderValue, people.MemberValue]]:
    """Return orders that wait at a leader's station and fit a name, a phone's last digits, a place or a serial number.

    Refuses StationNotOwn.
    """
    await own_station(tx, leader_id, station_id)
    orders = await ordering.orders_waiting(tx, await cycles_at_stations(tx), station_id)
    members = await people.members(tx, {order.member_id for order in orders})
    fitting = [(order, members[order.member_id]) for order in orders if _fits(order, members[order.member_id], words)]
    return fitting[:SHOWN]


def _fits(order: ordering.OrderValue, member: people.MemberValue, words: str) -> bool:
    if not words:
        return True
    return words in member.nickname or words in member.place or words in (str(order.serial), member.phone_tail)

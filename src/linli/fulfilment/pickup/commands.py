"""Verifying a pickup: by code or by order, at the order's own station only, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linli import ordering
from linli.fulfilment.pickup import store
from linli.fulfilment.pickup.model import PickupValue
from linli.fulfilment.pickup.queries import cycles_at_stations, own_station
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.platform.database import Tx


class CodeUnknown(NotFound):
    """No order at this station has this pickup code."""

    title = "提货码不对"


class CodeShared(Conflict):
    """Two days' orders of different neighbours wait under one code; the leader picks by name; facts: orders."""

    title = "提货码重复，请按姓名查找"


class PickupUnclear(BadInput):
    """A pickup names either a code or orders, and pieces only for one order."""

    title = "请提供提货码或订单"


async def pick_up(
    tx: Tx,
    *,
    leader_id: int,
    station_id: int,
    code: str = "",
    order_ids: Sequence[int] = (),
    pieces: Mapping[int, int] | None = None,
) -> list[PickupValue]:
    """Hand goods over: by code all that its member has at the station, or the named orders, or some pieces of one.

    What was handed over before answers when and by whom, and changes nothing. Refuses StationNotOwn, CodeUnknown,
    CodeShared, PickupUnclear, OrderNotFound (also an order of another station), NotAtStation and NotThatMany.
    """
    if bool(code) == bool(order_ids) or (pieces is not None and len(order_ids) != 1):
        raise PickupUnclear("name a code, or orders; pieces go with one order")
    await own_station(tx, leader_id, station_id)
    if code:
        return [
            await _hand_over(tx, order, leader_id, pieces, "code") for order in await _by_code(tx, station_id, code)
        ]
    named = [await _named(tx, order_id, leader_id, station_id) for order_id in sorted(set(order_ids))]
    return [await _hand_over(tx, order, leader_id, pieces, "list") for order in named]


async def _named(tx: Tx, order_id: int, leader_id: int, station_id: int) -> ordering.OrderValue:
    order = await ordering.order_of_leader(tx, order_id, leader_id)
    if order.station_id != station_id:
        raise ordering.OrderNotFound(f"no order {order_id} at this station")
    return order


async def _by_code(tx: Tx, station_id: int, code: str) -> list[ordering.OrderValue]:
    """Return all that the member of a code has at the station; a code whose order was collected still names it."""
    cycle_ids = await cycles_at_stations(tx)
    found = await ordering.orders_by_code(tx, cycle_ids, station_id, code)
    if not found:
        raise CodeUnknown("no order here has this code")
    opened = [order for order in found if order.state == ordering.OrderState.AT_STATION]
    if len({order.member_id for order in opened}) > 1:
        raise CodeShared("two neighbours have this code, from different days", orders=[str(o.id) for o in opened])
    named = (opened or found)[0]
    waiting = await ordering.orders_waiting(tx, cycle_ids, station_id, member_id=named.member_id)
    return sorted({order.id: order for order in (named, *waiting)}.values(), key=lambda order: order.id)


async def _hand_over(
    tx: Tx, order: ordering.OrderValue, leader_id: int, pieces: Mapping[int, int] | None, how: str
) -> PickupValue:
    """Hand one order over; that it is this leader's is asked again under its lock."""
    done = await ordering.mark_collected(tx, order_id=order.id, leader_id=leader_id, pieces=pieces)
    by, at = tx.by, done.at
    if done.repeated:
        before = await store.last_of(tx, order.id)
        by, at = (before.by, before.at) if before else ("", done.at)
    elif done.pieces or done.complete:
        await store.add(tx, order, done.pieces, how)
    return PickupValue(order.id, order.serial, order.member_id, done.repeated, done.complete, at, by, done.pieces)

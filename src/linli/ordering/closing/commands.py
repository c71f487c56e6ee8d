"""Ending what the clock ends: unpaid holds, teams, and the orders of a cycle at its cut-off."""

from __future__ import annotations

from collections.abc import Collection

from linli import marketing, sale
from linli.ordering.line.commands import advance_cycle
from linli.ordering.order import store
from linli.ordering.order.commands import undo
from linli.ordering.paying.commands import payment_in_flight
from linli.platform.database import Tx

EXPIRED = "未在保留时间内付款"
CUT_OFF = "截单前未付款"
SHORT = "拼团人数未满，自动退款"


async def expire_holds(tx: Tx, *, limit: int = 500) -> int:
    """Cancel unpaid orders whose hold has ended and free their goods; returns how many holds ended.

    A payment made at the last moment is taken instead. Safe to repeat; two workers never take the same order.
    """
    ids = await store.held_too_long(tx, limit)
    await _end(tx, ids, EXPIRED)
    return len(ids)


async def confirm_cycle(tx: Tx, *, cycle_id: int) -> int:
    """Confirm a cycle's paid orders; once its grace is over, first cancel the unpaid; returns how many were confirmed.

    The unpaid come first: that waits for payments in flight, which the statement after it then sees as paid.
    """
    cycle = await sale.cycle(tx, cycle_id)
    if tx.now >= cycle.grace_until:
        ids = await store.unpaid_of_cycle(tx, cycle_id)
        for at in range(0, len(ids), store.CHUNK):
            await _end(tx, ids[at : at + store.CHUNK], CUT_OFF)
    await end_due_teams(tx, cycle_id=cycle_id)
    return await advance_cycle(tx, cycle_id=cycle_id, verb="confirm")


async def _end(tx: Tx, ids: Collection[int], reason: str) -> None:
    """Cancel unpaid orders, but take a payment whose news has not arrived yet."""
    if ids:
        orders = await store.locked_many(tx, ids)
        unpaid = [order for order in orders if not await payment_in_flight(tx, order=order)]
        await undo(tx, orders=unpaid, reason=reason)


async def end_due_teams(tx: Tx, *, cycle_id: int | None = None) -> int:
    """End the teams whose deadline has passed, or all of a cycle that is cut off; returns how many.

    A seat that waits for its payment lets its team wait until it is paid or given back. Safe to repeat; orders are
    locked before teams, as everywhere, and a team that changed meanwhile is left for the next time.
    """
    due = await marketing.due_seats(tx, cycle_id=cycle_id)
    ids = sorted(seat.order_id for seats in due.values() for seat in seats)
    orders = {order.id: order for order in await store.locked_many(tx, ids)} if ids else {}
    ended = await marketing.end_teams(tx, expected=due)
    for of in sorted({orders[id].cycle_id for id in ended.ship if id in orders}):
        await store.advance(tx, of, "confirm", None, ended.ship)
    await undo(tx, orders=[orders[id] for id in sorted(ended.refund) if id in orders], reason=SHORT)
    return len(due)

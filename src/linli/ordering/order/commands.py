"""What can be done with an order that stands: cancel it, let its hold end, confirm a cycle's orders, move them on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from linli import marketing, money, people, sale
from linli.kernel.machine import WrongState
from linli.kernel.refusals import Conflict
from linli.ordering.order import store
from linli.ordering.order.events import OrderCancelled
from linli.ordering.order.model import ORDER, OrderState, OrderValue
from linli.ordering.order.queries import OrderNotFound, with_lines
from linli.ordering.order.records import Order
from linli.ordering.order.rules import may_cancel
from linli.platform.database import Tx
from linli.platform.machines import move_many


class TooLateToCancel(Conflict):
    """After cut-off, or when its team is complete, an order is not cancelled; it may become an after-sale case."""

    title = "订单已确认，不能取消"


async def cancel(
    tx: Tx, *, order_id: int, reason: str, member_id: int | None = None, leader_id: int | None = None
) -> OrderValue:
    """Cancel an order of the member (or leader) before cut-off: its goods are free, what was paid goes back.

    Cancelling twice is quiet. Refuses OrderNotFound and TooLateToCancel.
    """
    if (member_id is None) == (leader_id is None):
        raise ValueError("say who cancels: the member or the leader")
    mine = Order.member_id == member_id if member_id is not None else Order.leader_id == leader_id
    order = await store.locked(tx, order_id, mine)
    if order is None:
        raise OrderNotFound(f"no order {order_id}")
    if order.state != OrderState.CANCELLED:
        cycle = await sale.cycle(tx, order.cycle_id)
        if not may_cancel(OrderState(order.state), now=tx.now, cut_off_at=cycle.cut_off_at):
            raise TooLateToCancel("the order can no longer be cancelled", state=order.state)
        await undo(tx, orders=[order], reason=reason)
        order = await store.locked(tx, order_id)
        assert order is not None
    return (await with_lines(tx, [order]))[0]


async def undo(tx: Tx, *, orders: Sequence[Order], reason: str) -> None:
    """Cancel locked orders: free their goods, close their open charges, give back what was paid, and announce it."""
    if not orders:
        return
    ids = [order.id for order in orders]
    values = {"cancelled_at": tx.now, "cancel_reason": reason}
    days = {order.biz_date for order in orders}
    await move_many(
        tx, Order, ORDER, "cancel", Order.biz_date.in_(days), Order.id.in_(ids), values=values, reason=reason
    )
    await _free_goods(tx, orders)
    for charge_id in sorted({order.charge_id for order in orders if order.charge_id and not order.paid_at}):
        with suppress(WrongState):  # it was paid just now: that payment finds the order cancelled and goes back
            await money.close_charge(tx, charge_id=charge_id, reason=reason)
    for order in orders:
        back = await _give_back(tx, order, reason) if order.paid_at else 0
        await tx.announce(
            OrderCancelled(
                order.id, order.cycle_id, order.station_id, order.member_id, refunded_fen=back, reason=reason
            )
        )


async def _free_goods(tx: Tx, orders: Sequence[Order]) -> None:
    held: dict[int, dict[int, int]] = {order.id: {} for order in orders}
    for line in await store.lines_of(tx, list(held)):
        held[line.order_id][line.offer_id] = line.quantity
    await sale.release(tx, given=[(order.member_id, held[order.id]) for order in orders])
    used = {order.id: [term["source"] for term in order.priced["terms"]] for order in orders if order.priced}
    await marketing.give_back(tx, used=used)


async def _give_back(tx: Tx, order: Order, reason: str) -> int:
    amount = await store.lines_given_back(tx, order.id) + await store.fee_given_back(tx, order)
    if amount and order.charge_id:
        await money.refund(
            tx, charge_id=order.charge_id, order_id=order.id, amount_fen=amount, reason=reason,
            ref_kind="order_cancelled", ref_id=order.id,
        )  # fmt: skip
    return amount


async def advance_orders(
    tx: Tx, *, cycle_id: int, verb: str, station_id: int | None = None, order_ids: Collection[int] | None = None
) -> int:
    """Move all orders of a cycle (of a station, or the named ones) that can take the verb; returns how many moved."""
    return await store.advance(tx, cycle_id, verb, station_id, order_ids)


async def list_order(tx: Tx, *, order_id: int, member_id: int) -> bool:
    """Put an order on the list of the member's account; False for a neighbour without one. Told twice it is once."""
    member = await people.member(tx, member_id)
    if not member.account_id:
        return False
    row = {"account_id": member.account_id, "order_id": order_id, "home_region": tx.region_id, "member_id": member_id}
    await store.list_order(tx, {**row, "placed_at": tx.now})
    return True

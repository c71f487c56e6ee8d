"""Paying for orders: open a charge over several, take note of a payment, let a leader confirm cash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from linli import marketing, money, people, sale
from linli.kernel.machine import WrongState
from linli.kernel.refusals import BadInput, Conflict, Refusal
from linli.ordering.order import store
from linli.ordering.order.commands import undo
from linli.ordering.order.events import OrderPaid
from linli.ordering.order.model import ORDER, OrderState, OrderValue, Payment
from linli.ordering.order.queries import OrderNotFound, with_lines
from linli.ordering.order.records import Order
from linli.ordering.order.rules import payment_counts
from linli.ordering.paying.events import PaymentReturned
from linli.ordering.paying.model import Way
from linli.ordering.placing.commands import place_many
from linli.ordering.placing.model import PlacedOrder, Placement
from linli.ordering.quote.rules import check_coupons, naming
from linli.platform.database import Tx
from linli.platform.machines import move

MOST_ORDERS = 20
WAITING = ("opening", "payable")
OPEN_CYCLES = ("open", "closed")
TOO_LATE = "付款已晚，自动退款"
PAID_TWICE = "重复付款，自动退款"
CANCELLED = "订单已取消，自动退款"
WRONG_AMOUNT = "金额不符，自动退款"


class OrderNotPayable(Conflict):
    """The order waits for no payment: it was paid or cancelled, or its hold has ended; facts: order_id, state."""

    title = "订单不能付款"


class AmountDiffers(Conflict):
    """The confirmed amount is not what the order costs; facts: payable_fen."""

    title = "金额不符"


class OrdersUnclear(BadInput):
    """A charge is for 1 to 20 different orders."""

    title = "订单选择不对"


async def pay_orders(
    tx: Tx, *, order_ids: Sequence[int], member_id: int, channel: str, scene: str = "", payer: str = ""
) -> Any:
    """Open one charge over a member's unpaid orders and return it; the one that is open for just these is given again.

    A charge that was open for some of them is closed first. Refuses OrdersUnclear, OrderNotFound and OrderNotPayable.
    """
    wanted = sorted(set(order_ids))
    if not 1 <= len(wanted) <= MOST_ORDERS:
        raise OrdersUnclear(f"a charge is for 1 to {MOST_ORDERS} orders")
    orders = await store.locked_many(tx, wanted, Order.member_id == member_id)
    if len(orders) < len(wanted):
        raise OrderNotFound("not all of these are orders of yours")
    for order in orders:
        if order.state != OrderState.PLACED or tx.now >= order.hold_until:
            raise OrderNotPayable("the order waits for no payment", order_id=str(order.id), state=order.state)
    return await _open_charge(tx, orders, channel, scene, payer)


async def _open_charge(tx: Tx, orders: Sequence[Order], channel: str, scene: str = "", payer: str = "") -> Any:
    shares = {order.id: order.payable_fen for order in orders}
    before = sorted({order.charge_id for order in orders if order.charge_id})
    if len(before) == 1:
        same = await money.the_charge(tx, charge_id=before[0])
        if same.channel == channel and dict(same.orders) == shares and same.state in WAITING:
            return same
    for charge_id in before:
        await _close(tx, charge_id)
    charge = await money.open_charge(
        tx, amount_fen=sum(shares.values()), orders=shares, member_id=orders[0].member_id, channel=channel,
        description=f"邻里订单 {len(orders)} 笔", expires_at=min(order.hold_until for order in orders),
        day=max(order.biz_date for order in orders), cycle_id=orders[0].cycle_id, station_id=orders[0].station_id,
        scene=scene, payer=payer,
    )  # fmt: skip
    await store.set_charge(tx, list(shares), charge.id)
    return charge


async def _close(tx: Tx, charge_id: int) -> None:
    try:
        await money.close_charge(tx, charge_id=charge_id, reason="superseded")
    except WrongState as paid:
        raise OrderNotPayable("it was paid just now", charge_id=str(charge_id), state="paid") from paid


async def place_basket(
    tx: Tx, *, placements: Sequence[Placement], channel: str, scene: str = "", payer: str = ""
) -> tuple[list[PlacedOrder], Any]:
    """Place 1 to 20 orders of one member, all or none, and open one charge over them; returns the orders as placed
    and the charge (None when they are paid in person).

    Refuses OrdersUnclear, CouponsInSeveralOrders and, naming the `order` (from 0) and its cycle, what `place_many`
    answers with; whoever opened the transaction must not commit after a refusal.
    """
    if not 1 <= len(placements) <= MOST_ORDERS or len({wanted.member_id for wanted in placements}) > 1:
        raise OrdersUnclear(f"a basket holds 1 to {MOST_ORDERS} orders of one member")
    check_coupons([wanted.using for wanted in placements])
    placed: list[PlacedOrder] = []
    for at, one in enumerate(await place_many(tx, placements=placements)):
        if isinstance(one, Refusal):
            raise naming(one, at, placements[at].cycle_id)
        placed.append(one)
    if placements[0].payment == Payment.OFFLINE:
        return placed, None
    ids = [one.id for one in placed]
    member_id = placements[0].member_id
    return placed, await pay_orders(tx, order_ids=ids, member_id=member_id, channel=channel, scene=scene, payer=payer)


async def mark_paid(
    tx: Tx, *, order_id: int, amount_fen: int, paid_at: datetime, charge_id: int, late: bool = False
) -> bool:
    """Take note that a charge paid an order: it is paid and gets its serial number, or the money goes back in full.

    True when the order is paid by this charge (also when told again). Refuses OrderNotFound.
    """
    order = await store.locked(tx, order_id)
    if order is None:
        raise OrderNotFound(f"no order {order_id}")
    return await _take_payment(tx, order, amount_fen, paid_at, charge_id, late)


async def _take_payment(tx: Tx, order: Order, amount_fen: int, paid_at: datetime, charge_id: int, late: bool) -> bool:
    if order.paid_at and order.charge_id == charge_id:
        return True
    cycle = await sale.cycle(tx, order.cycle_id)
    counts = payment_counts(
        OrderState(order.state),
        paid_at=paid_at,
        grace_until=cycle.grace_until,
        late=late,
        still_buying=cycle.state in OPEN_CYCLES,
    )
    if not counts or amount_fen != order.payable_fen:
        await _send_back(tx, order, charge_id, amount_fen, _why(order, counts))
        return False
    await _make_paid(tx, order, paid_at, charge_id)
    return True


async def _make_paid(tx: Tx, order: Order, paid_at: datetime, charge_id: int) -> None:
    serial = order.serial or await store.take_serial(tx, order.cycle_id, order.station_id)
    values = {"paid_at": paid_at, "charge_id": charge_id, "paid_fen": order.payable_fen, "serial": serial}
    await move(tx, Order, ORDER, "pay", key={"biz_date": order.biz_date, "id": order.id}, values=values)
    await store.lines_paid(tx, order.id)
    await tx.announce(
        OrderPaid(order.id, order.cycle_id, order.station_id, order.member_id, amount_fen=order.payable_fen)
    )
    if _in_team(order):
        await _enter_team(tx, order=order)


def _why(order: Order, counts: bool) -> str:
    if counts:
        return WRONG_AMOUNT
    if order.state == OrderState.CANCELLED:
        return CANCELLED
    return TOO_LATE if order.state == OrderState.PLACED else PAID_TWICE


async def _send_back(tx: Tx, order: Order, charge_id: int, amount_fen: int, reason: str) -> None:
    """Refund a payment that does not count; an order that was only waiting for it is cancelled, its goods are free."""
    if reason == TOO_LATE:
        await undo(tx, orders=[order], reason=reason)
    await money.refund(
        tx, charge_id=charge_id, order_id=order.id, amount_fen=amount_fen, reason=reason,
        ref_kind="payment_returned", ref_id=order.id, part=str(charge_id),
    )  # fmt: skip
    facts = {"serial": order.serial or order.id, "order_id": str(order.id), "amount_fen": amount_fen, "reason": reason}
    await people.notify(tx, to=f"member:{order.member_id}", event="order.paid_late", facts=facts)
    await tx.announce(PaymentReturned(order.id, charge_id, order.member_id, amount_fen=amount_fen, reason=reason))


async def payment_in_flight(tx: Tx, *, order: Order) -> bool:
    """Take a locked unpaid order's payment that was made but is not told of yet; True when there was one."""
    if order.charge_id is None:
        return False
    charge = await money.the_charge(tx, charge_id=order.charge_id)
    if charge.paid_at is None:
        return False
    await _take_payment(tx, order, charge.orders[order.id], charge.paid_at, charge.id, charge.late)
    return True


async def confirm_payment(tx: Tx, *, order_id: int, leader_id: int, amount_fen: int, way: Way) -> OrderValue:
    """Let a leader confirm that a neighbour paid an order of the leader's cycle in person; told twice it is quiet.

    Refuses OrderNotFound, AmountDiffers and OrderNotPayable.
    """
    order = await store.locked(tx, order_id, Order.leader_id == leader_id)
    if order is None:
        raise OrderNotFound(f"no order {order_id}")
    if amount_fen != order.payable_fen:
        raise AmountDiffers("this is not what the order costs", payable_fen=order.payable_fen)
    cycle = await sale.cycle(tx, order.cycle_id)
    if order.state == OrderState.PLACED and tx.now <= cycle.grace_until and cycle.state in OPEN_CYCLES:
        charge = await _open_charge(tx, [order], "offline")
        await money.confirm_offline(tx, charge_id=charge.id, amount_fen=amount_fen)
        order = await _again(tx, order_id)
        await _make_paid(tx, order, tx.now, charge.id)
    elif not order.paid_at or order.state == OrderState.CANCELLED:
        raise OrderNotPayable("the order waits for no payment", order_id=str(order_id), state=order.state)
    return (await with_lines(tx, [await _again(tx, order_id)]))[0]


async def _again(tx: Tx, order_id: int) -> Order:
    order = await store.locked(tx, order_id)
    assert order is not None
    return order


TEAM = "team:"


def _in_team(order: Order) -> bool:
    """Tell whether an order was placed in a team."""
    return order.priced is not None and any(term["source"].startswith(TEAM) for term in order.priced["terms"])


async def _enter_team(tx: Tx, *, order: Order) -> None:
    """Let a locked order that was just paid wait for its team, or confirm the whole team when it is complete now."""
    paid = await marketing.pay_seat(tx, order_id=order.id)
    if paid is None:
        return
    await move(tx, Order, ORDER, "team", key={"biz_date": order.biz_date, "id": order.id})
    await store.advance(tx, order.cycle_id, "confirm", None, paid.ship)

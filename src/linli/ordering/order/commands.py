"""What can be done with an order: place it, cancel it, let its hold end, confirm a cycle's orders, move them on."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

from linli import money, people, sale
from linli.kernel.ids import day_of
from linli.kernel.machine import WrongState
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.ordering.order import store
from linli.ordering.order.events import OrderCancelled, OrderPlaced
from linli.ordering.order.model import ORDER, LineValue, OrderState, OrderValue, Payment
from linli.ordering.order.queries import OrderNotFound, order_value, with_lines
from linli.ordering.order.records import Order
from linli.ordering.order.rules import draw_code, may_cancel
from linli.ordering.quote.model import Quote
from linli.ordering.quote.queries import agreed, open_cycle
from linli.ordering.quote.rules import gather
from linli.platform.database import Tx
from linli.platform.machines import move_many

DRAWS = 30


class StationNotServing(Conflict):
    """The pickup station takes no orders."""

    title = "自提点暂停接单"


class StationNotChosen(Conflict):
    """The member belongs to no station yet and named none."""

    title = "请先选择自提点"


class StationNotYours(NotFound):
    """The leader has no such station."""

    title = "没有这个自提点"


class NeighbourElsewhere(NotFound):
    """The station has no such member."""

    title = "本站没有这位邻居"


class NeighbourUnclear(BadInput):
    """It is not said, or said twice, for whom the order is."""

    title = "请选择一位邻居"


class TooLateToCancel(Conflict):
    """After cut-off an order is not cancelled any more; it may become an after-sale case."""

    title = "已截单，不能取消"


class NoFreeCode(Conflict):
    """No free pickup code was drawn; the station has far too many open orders."""

    title = "提货码用尽，请重试"


async def place(
    tx: Tx,
    *,
    member_id: int,
    station_id: int | None,
    cycle_id: int,
    lines: Iterable[tuple[int, int]],
    expect_payable_fen: int | None,
    by_leader: int | None = None,
    payer: str = "",
    note: str = "",
    payment: str = "online",
) -> OrderValue:
    """Place an order of (offer, pieces): limits, stock, order and facts in this transaction, all or nothing.

    Without a station it is the member's own. The amount must be the fen the orderer saw (None: whatever it is now).
    Refuses CycleNotOpen, StationNotServing, StationNotChosen, PriceChanged, OfferElsewhere, and what baskets and
    stock refuse.
    """
    basket = gather(lines)
    cycle = await open_cycle(tx, cycle_id)
    member = await people.member(tx, member_id)
    station_id = station_id or member.station_id
    if station_id is None:
        raise StationNotChosen("choose a station first")
    station = await people.station(tx, station_id)
    if not station.active or (cycle.station_ids and station_id not in cycle.station_ids):
        raise StationNotServing("the station takes no orders of this cycle", station_id=str(station_id))
    offers = await sale.hold(tx, member_id=member_id, wanted=basket)
    hold_until = cycle.grace_until if payment == Payment.OFFLINE else sale.hold_until(cycle, tx.now)
    quote = agreed(offers, basket, cycle_id, expect_payable_fen)
    row: dict[str, Any] = {
        "cycle_id": cycle_id, "station_id": station_id, "leader_id": station.leader_id, "member_id": member_id,
        "payment": Payment(payment), "by_leader": by_leader, "payer": payer, "note": note,
        "payable_fen": quote.payable_fen, "hold_until": hold_until,
    }  # fmt: skip
    return await _write(tx, row, quote, offers)


async def place_for_neighbour(
    tx: Tx,
    *,
    leader_id: int,
    station_id: int,
    cycle_id: int,
    lines: Iterable[tuple[int, int]],
    member_id: int | None = None,
    nickname: str | None = None,
    place_of: str = "",
    expect_payable_fen: int | None = None,
    payer: str = "",
    note: str = "",
) -> OrderValue:
    """Place an order that a leader takes for a neighbour (代下单) at the leader's own station; it is paid in person.

    The neighbour is a member of the station, or is found or added by name and place. Refuses StationNotYours,
    NeighbourUnclear, NeighbourElsewhere and what `place` refuses.
    """
    station = await people.station(tx, station_id)
    if station.leader_id != leader_id:
        raise StationNotYours(f"no station {station_id} of yours")
    if (member_id is None) == (nickname is None):
        raise NeighbourUnclear("name a member, or a neighbour by nickname and place")
    if member_id is None:
        member_id = await people.find_or_add_neighbour(
            tx, station_id=station_id, nickname=nickname or "", place=place_of
        )
    elif (await people.member(tx, member_id)).station_id != station_id:
        raise NeighbourElsewhere(f"no member {member_id} at this station")
    return await place(
        tx, member_id=member_id, station_id=station_id, cycle_id=cycle_id, lines=lines,
        expect_payable_fen=expect_payable_fen, by_leader=leader_id, payer=payer or nickname or "本人", note=note,
        payment=Payment.OFFLINE,
    )  # fmt: skip


async def _write(tx: Tx, row: dict[str, Any], quote: Quote, offers: dict[int, Any]) -> OrderValue:
    """Insert the order with a free pickup code and its lines, and announce it."""
    day = day_of(row["cycle_id"])
    order_id, *line_ids = await tx.new_ids(1 + len(quote.lines), day)
    row |= {
        "region_id": tx.region_id, "biz_date": day, "id": order_id, "state": ORDER.initial, "placed_at": tx.now,
        "serial": None, "paid_fen": 0, "charge_id": None, "paid_at": None, "collected_at": None, "cancelled_at": None,
        "cancel_reason": "",
    }  # fmt: skip
    if row["payment"] is Payment.OFFLINE:
        row["serial"] = await store.take_serial(tx, row["cycle_id"], row["station_id"])
    for _ in range(DRAWS):
        row["pickup_code"] = draw_code(secrets.randbelow(1_000_000))
        if await store.insert_order(tx, row):
            break
    else:
        raise NoFreeCode("no free pickup code was drawn")
    lines = [
        _line(offers[part.offer_id], order_id, line_id, part.quantity, part.payable_fen)
        for line_id, part in zip(line_ids, quote.lines, strict=True)
    ]
    same = {key: row[key] for key in ("region_id", "biz_date", "cycle_id", "station_id")}
    await store.insert_lines(
        tx, [same | {n: getattr(line, n) for n in LineValue.__dataclass_fields__} for line in lines]
    )
    whose = {key: row[key] for key in ("cycle_id", "station_id", "leader_id", "member_id", "payable_fen")}
    await tx.announce(OrderPlaced(order_id=order_id, **whose))
    return order_value(Order(**row), lines)


def _line(offer: Any, order_id: int, line_id: int, quantity: int, payable_fen: int) -> LineValue:
    return LineValue(
        id=line_id, order_id=order_id, offer_id=offer.id, sku_id=offer.sku_id, supplier_id=offer.supplier_id,
        category_id=offer.category_id, storage_class=offer.storage_class, name=offer.product_name, spec=offer.spec,
        unit=offer.unit, weighed=offer.weighed, net_g=offer.net_g, gross_g=offer.gross_g, volume_ml=offer.volume_ml,
        unit_price_fen=offer.price_fen, cost_fen=offer.cost_fen, commission_bp=offer.commission_bp,
        commission_fen=offer.commission_fen, quality_window_hours=offer.quality_window_hours,
        order_window_hours=offer.order_window_hours, quantity=quantity, short_quantity=0, refunded_quantity=0,
        collected_quantity=0, payable_fen=payable_fen, paid_fen=0, refunded_fen=0, recognised_fen=0,
    )  # fmt: skip


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
    for order in orders:
        await sale.release(tx, member_id=order.member_id, given=held[order.id])


async def _give_back(tx: Tx, order: Order, reason: str) -> int:
    amount = await store.lines_given_back(tx, order.id)
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

"""Read shapes of orders: for other rooms, for the member, for the leader's lists and for operators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select

from linli import sale
from linli.kernel.ids import day_of
from linli.kernel.refusals import NotFound
from linli.ordering.order.model import (
    BY_STATION,
    ORDER,
    SENT_OUT,
    TO_DELIVER,
    AddressValue,
    DemandLine,
    LineValue,
    OrderState,
    OrderValue,
    PaidLine,
    Payment,
)
from linli.ordering.order.records import Address, Order, OrderLine, UserOrder
from linli.ordering.order.store import lines_of, of_id
from linli.platform.database import Tx
from linli.platform.machines import history

LINE_FIELDS = tuple(LineValue.__dataclass_fields__)


class OrderNotFound(NotFound):
    """There is no such order, or none that the asker may know of."""

    title = "没有这个订单"


def line_value(row: OrderLine) -> LineValue:
    """Return a line as other rooms see it."""
    return LineValue(**{name: getattr(row, name) for name in LINE_FIELDS})


def order_value(row: Order, lines: Sequence[LineValue]) -> OrderValue:
    """Return an order as other rooms see it."""
    plain = {name: getattr(row, name) for name in OrderValue.__dataclass_fields__ if name != "lines"}
    plain |= {"state": OrderState(row.state), "payment": Payment(row.payment), "lines": tuple(lines)}
    return OrderValue(**plain)


async def with_lines(tx: Tx, rows: Sequence[Order]) -> list[OrderValue]:
    """Return orders with their lines, which take one statement however many orders there are."""
    lines: dict[int, list[LineValue]] = {row.id: [] for row in rows}
    for line in await lines_of(tx, list(lines)):
        lines[line.order_id].append(line_value(line))
    return [order_value(row, lines[row.id]) for row in rows]


async def order(tx: Tx, order_id: int) -> OrderValue:
    """Return an order of this region; refuses OrderNotFound."""
    return await _one(tx, order_id)


async def order_of_member(tx: Tx, order_id: int, member_id: int) -> OrderValue:
    """Return an order of a member; refuses OrderNotFound, also for a neighbour's."""
    return await _one(tx, order_id, Order.member_id == member_id)


async def order_of_leader(tx: Tx, order_id: int, leader_id: int) -> OrderValue:
    """Return an order of a leader's cycle; refuses OrderNotFound, also for another leader's."""
    return await _one(tx, order_id, Order.leader_id == leader_id)


async def order_of_line(tx: Tx, line_id: int) -> OrderValue:
    """Return the order that a line belongs to; refuses OrderNotFound."""
    where = (OrderLine.region_id == tx.region_id, OrderLine.biz_date == day_of(line_id), OrderLine.id == line_id)
    found = await tx.scalar(select(OrderLine.order_id).where(*where))
    if found is None:
        raise OrderNotFound(f"no line {line_id}")
    return await _one(tx, found)


async def timeline(tx: Tx, found: OrderValue) -> list[tuple[str, datetime, str]]:
    """Return every state an order came to with its time and reason, the placing first."""
    if found.state is ORDER.initial:
        return [(str(ORDER.initial), found.placed_at, "")]
    lines = await history(tx, found.id)
    if found.paid_at is not None:  # what moved all orders of the cycle together moved this one too, while it stood
        together, until = await history(tx, found.cycle_id), found.cancelled_at
        lines += [line for line in together if until is None or line.at < until]
    not_its = BY_STATION if found.express else ()
    its = [line for line in lines if line.machine == ORDER.name and line.verb not in not_its]
    ours = sorted(its, key=lambda line: (line.at, line.id))
    moves = [(line.target, line.at, line.reason) for line in ours]
    return [(str(ORDER.initial), found.placed_at, ""), *moves]


async def _one(tx: Tx, order_id: int, *conditions: Any) -> OrderValue:
    row = await tx.first(select(Order).where(*of_id(tx, order_id), *conditions))
    if row is None:
        raise OrderNotFound(f"no order {order_id}")
    return (await with_lines(tx, [row]))[0]


async def orders_of_member(tx: Tx, member_id: int, *, after: int | None, limit: int) -> list[OrderValue]:
    """Return a page of a member's orders, newest first, from the one after `after` on."""
    chosen = select(Order).where(Order.region_id == tx.region_id, Order.member_id == member_id)
    if after is not None:
        chosen = chosen.where(Order.id < after)
    return await with_lines(tx, await tx.all(chosen.order_by(Order.id.desc()).limit(limit)))


async def orders_of_account(tx: Tx, account_id: int, *, after: int | None, limit: int) -> Sequence[UserOrder]:
    """Return a page of an account's orders over all regions, in descending order of id."""
    chosen = select(UserOrder).where(UserOrder.account_id == account_id)
    if after is not None:
        chosen = chosen.where(UserOrder.order_id < after)
    return await tx.all(chosen.order_by(UserOrder.order_id.desc()).limit(limit))


async def orders_of_cycle(
    tx: Tx,
    cycle_id: int,
    *,
    leader_id: int | None = None,
    station_id: int | None = None,
    state: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[OrderValue]:
    """Return a page of a cycle's orders in order of id, of one leader or station or state when they are named."""
    chosen = select(Order).where(*_of_cycle(tx, Order, cycle_id))
    for column, wanted in ((Order.leader_id, leader_id), (Order.station_id, station_id), (Order.state, state)):
        if wanted is not None:
            chosen = chosen.where(column == wanted)
    if after is not None:
        chosen = chosen.where(Order.id > after)
    return await with_lines(tx, await tx.all(chosen.order_by(Order.id).limit(limit)))


async def express_orders(
    tx: Tx, supplier_id: int, *, after: int | None = None, limit: int = 50, order_id: int | None = None
) -> list[OrderValue]:
    """Return a page of the express orders that a supplier is to send or has sent, by id, each with that supplier's
    lines only; or the one named, locked."""
    where = [Order.region_id == tx.region_id, Order.express, Order.state.in_(SENT_OUT)]
    if after is not None:
        where.append(Order.id > after)
    of_order = (OrderLine.region_id == tx.region_id, OrderLine.biz_date == Order.biz_date)
    theirs = (*of_order, OrderLine.order_id == Order.id, OrderLine.supplier_id == supplier_id)
    chosen = select(Order).where(*where, exists(select(OrderLine.id).where(*theirs)))
    chosen = chosen.order_by(Order.id).limit(limit)
    if order_id is not None:
        chosen = chosen.where(Order.biz_date == day_of(order_id), Order.id == order_id).with_for_update(of=Order)
    found = await with_lines(tx, await tx.all(chosen))
    return [replace(one, lines=tuple(each for each in one.lines if each.supplier_id == supplier_id)) for one in found]


async def addresses(tx: Tx, order_ids: Collection[int]) -> dict[int, AddressValue]:
    """Return where express orders go; name, phone and street stay sealed."""
    if not order_ids:
        return {}
    where = (Address.region_id == tx.region_id, Address.order_id.in_(order_ids))
    rows = await tx.all(select(Address).where(*where))
    return {row.order_id: AddressValue(row.province, row.city, row.district, row.sealed) for row in rows}


async def orders_at_station(tx: Tx, cycle_id: int, station_id: int) -> list[OrderValue]:
    """Return the paid orders of a station in a cycle by serial number."""
    where = (*_of_cycle(tx, Order, cycle_id), Order.station_id == station_id, Order.state.in_(TO_DELIVER))
    return await with_lines(tx, await tx.all(select(Order).where(*where).order_by(Order.serial)))


async def orders_by_code(tx: Tx, cycle_ids: Collection[int], station_id: int, pickup_code: str) -> list[OrderValue]:
    """Return the orders that a pickup code stands for at a station in some cycles, the newest cycle first."""
    where = (*_of_cycles(tx, cycle_ids), Order.station_id == station_id, Order.pickup_code == pickup_code)
    chosen = select(Order).where(*where, Order.cancelled_at.is_(None))
    return await with_lines(tx, await tx.all(chosen.order_by(Order.cycle_id.desc())))


async def orders_waiting(
    tx: Tx, cycle_ids: Collection[int], station_id: int, *, member_id: int | None = None
) -> list[OrderValue]:
    """Return the orders of some cycles that stand at a station to be collected (by a member), by cycle and serial."""
    where = (*_of_cycles(tx, cycle_ids), Order.station_id == station_id, Order.state == OrderState.AT_STATION)
    chosen = select(Order).where(*where, *(() if member_id is None else (Order.member_id == member_id,)))
    return await with_lines(tx, await tx.all(chosen.order_by(Order.cycle_id, Order.serial)))


async def paid_lines(tx: Tx, cycle_id: int) -> list[PaidLine]:
    """Return the lines of a cycle's paid orders in order of station, serial and line."""
    columns = (
        OrderLine.id.label("line_id"), OrderLine.order_id, Order.serial, OrderLine.station_id, Order.leader_id,
        Order.member_id, OrderLine.offer_id, OrderLine.sku_id, OrderLine.supplier_id, OrderLine.quantity,
        OrderLine.short_quantity, OrderLine.refunded_quantity, OrderLine.unit_price_fen, OrderLine.paid_fen,
        OrderLine.refunded_fen, Order.paid_at, OrderLine.biz_date,
    )  # fmt: skip
    chosen = _paid(tx, cycle_id, *columns).order_by(OrderLine.station_id, Order.serial, OrderLine.id)
    return [PaidLine(*row) for row in await tx.execute(chosen)]


async def demand(tx: Tx, cycle_id: int) -> list[DemandLine]:
    """Return how many pieces of each offer each station's paid orders want, added up by the database."""
    key = (OrderLine.station_id, Order.leader_id, OrderLine.offer_id, OrderLine.sku_id)
    wanted = func.sum(OrderLine.quantity - OrderLine.refunded_quantity)
    grouped = _paid(tx, cycle_id, *key, wanted, func.count()).group_by(*key).order_by(*key)
    return [DemandLine(*row) for row in await tx.execute(grouped) if row[4]]


async def counter_differences(tx: Tx, cycle_id: int) -> dict[int, tuple[int, int]]:
    """Return the offers of a cycle whose counter is not the sum of what its orders hold, as (counter, sum)."""
    ordered = func.sum(OrderLine.quantity)
    joined = _joined(OrderLine.offer_id, ordered).where(
        *_of_cycle(tx, OrderLine, cycle_id), *_of_cycle(tx, Order, cycle_id), Order.state != OrderState.CANCELLED
    )
    held = {row[0]: int(row[1]) for row in await tx.execute(joined.group_by(OrderLine.offer_id))}
    sold = {offer_id: offer.sold for offer_id, offer in (await sale.offers(tx, cycle_id)).items()}
    return {id: (count, held.get(id, 0)) for id, count in sold.items() if count != held.get(id, 0)}


async def products_of_leader(tx: Tx, cycle_id: int, leader_id: int) -> list[Any]:
    """Return what a leader's paid orders of a cycle come to: offer, name, spec, unit, station, pieces, orders, fen."""
    key = (OrderLine.offer_id, OrderLine.name, OrderLine.spec, OrderLine.unit, OrderLine.station_id)
    pieces = func.sum(OrderLine.quantity - OrderLine.refunded_quantity).label("quantity")
    worth = func.sum(OrderLine.paid_fen - OrderLine.refunded_fen).label("amount_fen")
    chosen = _paid(tx, cycle_id, *key, pieces, func.count().label("orders"), worth).where(Order.leader_id == leader_id)
    return list((await tx.execute(chosen.group_by(*key).order_by(OrderLine.offer_id, OrderLine.station_id))).all())


def _joined(*columns: Any) -> Any:
    same = (
        (Order.region_id == OrderLine.region_id)
        & (Order.biz_date == OrderLine.biz_date)
        & (Order.id == OrderLine.order_id)
    )
    return select(*columns).select_from(OrderLine).join(Order, same)


def _paid(tx: Tx, cycle_id: int, *columns: Any) -> Any:
    return _joined(*columns).where(
        *_of_cycle(tx, OrderLine, cycle_id), *_of_cycle(tx, Order, cycle_id), Order.state.in_(TO_DELIVER)
    )


def _of_cycles(tx: Tx, cycle_ids: Collection[int]) -> tuple[Any, ...]:
    days = {day_of(cycle_id) for cycle_id in cycle_ids}
    return Order.region_id == tx.region_id, Order.biz_date.in_(days), Order.cycle_id.in_(cycle_ids)


def _of_cycle(tx: Tx, record: Any, cycle_id: int) -> tuple[Any, ...]:
    return record.region_id == tx.region_id, record.biz_date == day_of(cycle_id), record.cycle_id == cycle_id

"""SQL that commands about orders need; every statement names the region, and the delivery date where it is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from linli.kernel.ids import day_of
from linli.ordering.order.model import BY_STATION, ORDER
from linli.ordering.order.records import Order, OrderLine, Serial, UserOrder
from linli.platform.database import Tx
from linli.platform.machines import move_many

CHUNK = 5_000


def of_id(tx: Tx, order_id: int) -> tuple[Any, ...]:
    """Return the conditions that find one order in its partition; an id of another region finds nothing."""
    return Order.region_id == tx.region_id, Order.biz_date == day_of(order_id), Order.id == order_id


async def locked(tx: Tx, order_id: int, *conditions: Any) -> Order | None:
    """Lock one order and return it, or None."""
    return await tx.first(select(Order).where(*of_id(tx, order_id), *conditions).with_for_update())


async def locked_many(tx: Tx, order_ids: Collection[int], *conditions: Any) -> Sequence[Order]:
    """Lock several orders in ascending id order and return those that there are."""
    days = {day_of(order_id) for order_id in order_ids}
    where = (Order.region_id == tx.region_id, Order.biz_date.in_(days), Order.id.in_(order_ids), *conditions)
    return await tx.all(select(Order).where(*where).order_by(Order.id).with_for_update())


async def lines_of(tx: Tx, order_ids: Collection[int]) -> Sequence[OrderLine]:
    """Return the lines of some orders in one statement, in order of id."""
    if not order_ids:
        return []
    days = {day_of(order_id) for order_id in order_ids}
    where = (OrderLine.region_id == tx.region_id, OrderLine.biz_date.in_(days), OrderLine.order_id.in_(order_ids))
    return await tx.all(select(OrderLine).where(*where).order_by(OrderLine.id))


async def held_too_long(tx: Tx, limit: int) -> list[int]:
    """Lock unpaid orders whose hold has ended, leaving those somebody else works on; return their ids."""
    due = (Order.region_id == tx.region_id, Order.state == ORDER.initial, Order.hold_until <= tx.now)
    held = (Order.paid_at.is_(None), Order.cancelled_at.is_(None))  # what the index of holds is made for
    chosen = select(Order.id).where(*due, *held).order_by(Order.hold_until, Order.id).limit(limit)
    return sorted((await tx.execute(chosen.with_for_update(skip_locked=True))).scalars())


async def unpaid_of_cycle(tx: Tx, cycle_id: int) -> list[int]:
    """Lock the unpaid orders of a cycle in id order, waiting for payments in flight; return their ids."""
    where = (Order.region_id == tx.region_id, Order.biz_date == day_of(cycle_id), Order.cycle_id == cycle_id)
    chosen = select(Order.id).where(*where, Order.state == ORDER.initial).order_by(Order.id)
    return list((await tx.execute(chosen.with_for_update())).scalars())


async def take_serial(tx: Tx, cycle_id: int, station_id: int) -> int:
    """Take the next serial number of a station in a cycle; the row stays locked, so a rollback leaves no gap."""
    row = {"region_id": tx.region_id, "cycle_id": cycle_id, "station_id": station_id, "last": 1}
    taken = insert(Serial).values(**row)
    counted = taken.on_conflict_do_update(
        index_elements=["region_id", "cycle_id", "station_id"], set_={"last": Serial.last + taken.excluded.last}
    )
    return int((await tx.execute(counted.returning(Serial.last))).scalar_one())


async def set_charge(tx: Tx, order_ids: Collection[int], charge_id: int) -> None:
    """Note the charge that is open for some orders."""
    days = {day_of(order_id) for order_id in order_ids}
    where = (Order.region_id == tx.region_id, Order.biz_date.in_(days), Order.id.in_(order_ids))
    await tx.execute(update(Order).where(*where).values(charge_id=charge_id))


async def lines_paid(tx: Tx, order_id: int) -> None:
    """Set the lines of an order paid with what each is to pay."""
    where = (
        OrderLine.region_id == tx.region_id,
        OrderLine.biz_date == day_of(order_id),
        OrderLine.order_id == order_id,
    )
    await tx.execute(update(OrderLine).where(*where).values(paid_fen=OrderLine.payable_fen))


async def lines_given_back(tx: Tx, order_id: int) -> int:
    """Mark all that is left of an order's lines refunded; return how much that was, in fen."""
    where = (
        OrderLine.region_id == tx.region_id,
        OrderLine.biz_date == day_of(order_id),
        OrderLine.order_id == order_id,
    )
    amount = await lines_keep(tx, order_id)
    values = {"refunded_fen": OrderLine.paid_fen, "refunded_quantity": OrderLine.quantity}
    await tx.execute(update(OrderLine).where(*where).values(**values))
    return amount


async def lines_keep(tx: Tx, order_id: int) -> int:
    """Return what was paid for an order's lines and not refunded, in fen."""
    where = (
        OrderLine.region_id == tx.region_id,
        OrderLine.biz_date == day_of(order_id),
        OrderLine.order_id == order_id,
    )
    kept = select(func.coalesce(func.sum(OrderLine.paid_fen - OrderLine.refunded_fen), 0))
    return int(await tx.scalar(kept.where(*where)))


async def fee_given_back(tx: Tx, order: Order) -> int:
    """Mark what is left of an order's delivery fee refunded; return how much that was, in fen."""
    amount = order.fee_fen - order.fee_refunded_fen if order.paid_at else 0
    if amount:
        values = {"fee_refunded_fen": order.fee_fen}
        await tx.execute(update(Order).where(*of_id(tx, order.id)).values(**values))
    return amount


async def fee_earned(tx: Tx, order: Order) -> int:
    """Mark what is kept of an order's delivery fee earned; return how much that was, in fen."""
    kept = order.fee_fen - order.fee_refunded_fen
    amount = kept - order.fee_recognised_fen
    if amount:
        await tx.execute(update(Order).where(*of_id(tx, order.id)).values(fee_recognised_fen=kept))
    return amount


async def advance(tx: Tx, cycle_id: int, verb: str, station_id: int | None, order_ids: Collection[int] | None) -> int:
    """Move a cycle's orders by a verb in chunks; return how many moved."""
    where = [Order.biz_date == day_of(cycle_id), Order.cycle_id == cycle_id]
    if verb in BY_STATION:
        where.append(Order.express.is_(False))
    if station_id is not None:
        where.append(Order.station_id == station_id)
    if order_ids is not None:
        where.append(Order.id.in_(order_ids))
    standing = (Order.region_id == tx.region_id, Order.state.in_(ORDER.origins(verb)), *where)
    moved, last = 0, 0
    while True:
        chunk = select(Order.id).where(*standing, Order.id > last).order_by(Order.id).limit(CHUNK)
        ids = list((await tx.execute(chunk)).scalars())
        if not ids:
            return moved
        last = ids[-1]
        moved += len(await move_many(tx, Order, ORDER, verb, *where, Order.id.between(ids[0], last)))


async def list_order(tx: Tx, row: dict[str, Any]) -> None:
    """Add an order to an account's list; once, however often it is told."""
    await tx.execute(insert(UserOrder).values(**row).on_conflict_do_nothing())

"""Sending parcels and receiving them: the supplier is owed for what it sent, the order is collected when all came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from linli import money, ordering, people
from linli.fulfilment.parcel import store
from linli.fulfilment.parcel.model import PARCEL, ParcelValue
from linli.fulfilment.parcel.queries import DropShip, drop_ships, value
from linli.fulfilment.parcel.records import Parcel
from linli.fulfilment.parcel.settings import RECEIPT_DAYS
from linli.kernel.refusals import Conflict, NotFound
from linli.platform.database import Tx
from linli.platform.machines import move
from linli.platform.settings import value_of


class NotYoursToSend(NotFound):
    """There is no such express order, or it is not this supplier's, or not ready to be sent."""

    title = "没有这个直发订单"


class NothingToSend(Conflict):
    """More pieces than are still to be sent, or none; facts: left (line id → pieces)."""

    title = "发货数量不对"


class ParcelKnown(Conflict):
    """The order has a parcel of this carrier and number already."""

    title = "该运单号已录入"


class NoSuchParcel(NotFound):
    """There is no such parcel of the member's."""

    title = "没有这个包裹"


async def read_drop_ships(
    tx: Tx, *, supplier_id: int, after: int | None = None, limit: int = 50
) -> tuple[list[DropShip], dict[int, ordering.AddressValue]]:
    """Return a page of a supplier's drop-ship list, with where to send what is not all sent; that it was read is
    written down."""
    found = await drop_ships(tx, supplier_id, after=after, limit=limit)
    where = await ordering.addresses(tx, [drop.order.id for drop in found if drop.to_send])
    if where:
        await store.note_reading(tx, supplier_id, sorted(where))
    return found, where


async def send_parcel(
    tx: Tx, *, supplier_id: int, order_id: int, carrier: str, tracking: str, pieces: Mapping[int, int] | None = None
) -> ParcelValue:
    """Note that a supplier sent pieces of an order (all that is left by default): it is on the way, its member is
    told, and the supplier is owed for them.

    Refuses NotYoursToSend, NothingToSend and ParcelKnown.
    """
    found = await drop_ships(tx, supplier_id, order_id=order_id)
    if not found:
        raise NotYoursToSend(f"no order {order_id} to send")
    drop = found[0]
    if any((each.carrier, each.tracking) == (carrier, tracking) for each in drop.parcels):
        raise ParcelKnown("this number is entered already")
    sent = dict(drop.to_send if pieces is None else pieces)
    if not sent or any(not 0 < count <= drop.to_send.get(line_id, 0) for line_id, count in sent.items()):
        raise NothingToSend("not as many are left", left={str(id): count for id, count in drop.to_send.items()})
    parcel_id, days = await tx.new_id(), await value_of(tx, RECEIPT_DAYS)
    row = {
        "id": parcel_id, "order_id": order_id, "supplier_id": supplier_id, "member_id": drop.order.member_id,
        "carrier": carrier, "tracking": tracking, "state": str(PARCEL.initial), "sent_at": tx.now,
        "pieces": {str(line_id): count for line_id, count in sorted(sent.items())}, "received_at": None,
        "receive_by": tx.now + timedelta(days=days),
    }  # fmt: skip
    await store.add(tx, row)
    await ordering.advance_orders(tx, cycle_id=drop.order.cycle_id, verb="ship", order_ids=[order_id])
    await money.record(tx, entries=_owed(drop, sent, parcel_id, supplier_id))
    facts = {"title": "商品已发货", "text": f"您的直发商品已由 {carrier} 发出，运单号 {tracking}。"}
    await people.notify(tx, to=f"member:{drop.order.member_id}", event="parcel.sent", facts=facts)
    return value((await store.of_orders(tx, [order_id]))[-1])


def _owed(drop: DropShip, sent: Mapping[int, int], parcel_id: int, supplier_id: int) -> list[money.Entry]:
    order = drop.order
    return [
        money.Entry(
            "goods_received", line.cost_fen * sent[line.id], "parcel", parcel_id, str(line.id),
            cycle_id=order.cycle_id, station_id=order.station_id, owner_id=supplier_id,
        )
        for line in order.lines
        if line.id in sent and line.cost_fen
    ]  # fmt: skip


async def receive_parcel(tx: Tx, *, parcel_id: int, member_id: int) -> ParcelValue:
    """Let a member confirm that a parcel came: its pieces are collected; told twice it is quiet; refuses
    NoSuchParcel."""
    row = await store.locked(tx, parcel_id, member_id)
    if row is None:
        raise NoSuchParcel(f"no parcel {parcel_id}")
    await _receive(tx, row)
    received = await store.locked(tx, parcel_id, member_id)
    assert received is not None
    return value(received)


async def receive_overdue(tx: Tx, *, limit: int = 200) -> int:
    """Take parcels for received whose members said nothing in time; returns how many; safe to repeat."""
    due = await store.overdue(tx, limit)
    for row in due:
        await _receive(tx, row)
    return len(due)


async def _receive(tx: Tx, row: Parcel) -> None:
    if not await move(tx, Parcel, PARCEL, "receive", key={"id": row.id}, values={"received_at": tx.now}):
        return
    order = await ordering.order(tx, row.order_id)
    left = {line.id: line.quantity - line.short_quantity - line.collected_quantity for line in order.lines}
    came = {int(id): min(count, left[int(id)]) for id, count in row.pieces.items() if left[int(id)] > 0}
    if came:  # pieces that were refunded under way are no more to be handed over
        await ordering.mark_collected(tx, order_id=order.id, pieces=came)

"""Making the purchase orders of a cycle and sending them, each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from linli import people, sale
from linli.kernel.ids import day_of, sequence_of
from linli.platform.database import Tx
from linli.platform.machines import move
from linli.supply.demand.model import SkuDemand
from linli.supply.demand.queries import demand_by_sku
from linli.supply.demand.rules import of_one_sku
from linli.supply.purchase import store
from linli.supply.purchase.events import PurchaseOrderSent, PurchaseOrdersMade, SendPurchaseOrder
from linli.supply.purchase.model import PURCHASE, Need, PurchaseOrderValue
from linli.supply.purchase.queries import NoSuchPurchaseOrder, purchase_order, with_lines
from linli.supply.purchase.records import PurchaseOrder
from linli.supply.purchase.rules import number, plan
from linli.supply.stock.commands import set_aside

FOR_A_CYCLE = "purchase"


async def make_purchase_orders(tx: Tx, *, cycle_id: int) -> list[int]:
    """Buy what the frozen demand needs beyond free stock, one order per supplier; returns their ids.

    Told twice it answers as before.
    """
    if await store.bought(tx, cycle_id):
        return await store.order_ids(tx, cycle_id)
    wanted = of_one_sku(await demand_by_sku(tx, cycle_id))
    offers = await sale.offers(tx, cycle_id)
    free = await set_aside(
        tx, cycle_id=cycle_id, wanted={each.sku_id: each.quantity for each in wanted}, ref_kind=FOR_A_CYCLE
    )
    needs: list[dict[str, Any]] = []
    lines: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for each in wanted:
        offer = offers[each.offer_id]
        need = plan(each.quantity, free.get(each.sku_id, 0), offer.pack_size, offer.minimum_packs)
        needs.append(_need(each, offer, need))
        if need.packs:
            lines[offer.supplier_id].append(_line(cycle_id, each, offer, need))
    if needs:
        await store.add_needs(tx, cycle_id, needs)
    ids = await _write_orders(
        tx, cycle_id, lines, {offer.supplier_id: offer.supplier_name for offer in offers.values()}
    )
    total = sum(line["amount_fen"] for each in lines.values() for line in each)
    await tx.announce(PurchaseOrdersMade(cycle_id, len(ids), total))
    return ids


def _need(each: SkuDemand, offer: sale.OfferValue, need: Need) -> dict[str, Any]:
    return {
        "sku_id": each.sku_id, "offer_id": each.offer_id, "supplier_id": offer.supplier_id, "demand": need.demand,
        "stock_used": need.stock_used, "packs": need.packs, "pack_size": need.pack_size, "ordered": need.ordered,
        "rounding": need.rounding,
    }  # fmt: skip


def _line(cycle_id: int, each: SkuDemand, offer: sale.OfferValue, need: Need) -> dict[str, Any]:
    return {
        "cycle_id": cycle_id, "sku_id": each.sku_id, "offer_id": each.offer_id, "name": offer.product_name,
        "spec": offer.spec, "unit": offer.unit, "barcode": offer.barcode, "storage_class": str(offer.storage_class),
        "packs": need.packs, "pack_size": need.pack_size, "quantity": need.ordered, "price_fen": offer.cost_fen,
        "amount_fen": need.ordered * offer.cost_fen,
    }  # fmt: skip


async def _write_orders(
    tx: Tx, cycle_id: int, lines: dict[int, list[dict[str, Any]]], names: dict[int, str]
) -> list[int]:
    if not lines:
        return []
    cycle = await sale.cycle(tx, cycle_id)
    day = day_of(cycle_id)
    ids = await tx.new_ids(len(lines), day)
    orders, of_orders = [], []
    for po_id, supplier_id in zip(ids, sorted(lines), strict=True):
        orders.append(
            {
                "id": po_id, "cycle_id": cycle_id, "supplier_id": supplier_id, "supplier_name": names[supplier_id],
                "number": number(day, sequence_of(po_id)), "version": 1, "state": PURCHASE.initial,
                "delivery_date": cycle.delivery_date, "deliver_by": cycle.supplier_arrival, "made_at": tx.now,
                "total_fen": sum(line["amount_fen"] for line in lines[supplier_id]), "sent_at": None,
                "confirmed_at": None, "received_at": None,
            }
        )  # fmt: skip
        of_orders += [{"po_id": po_id, **line} for line in lines[supplier_id]]
    await store.add_orders(tx, orders, of_orders)
    return ids


async def wish_sending(tx: Tx, *, cycle_id: int) -> int:
    """Leave the wish that every purchase order of a cycle is sent; returns how many there are."""
    ids = await store.order_ids(tx, cycle_id)
    await tx.enqueue(*(SendPurchaseOrder(po_id) for po_id in ids))
    return len(ids)


async def send_again(tx: Tx, *, po_id: int) -> PurchaseOrderValue:
    """Leave the wish that a purchase order is sent, for one that did not go out; one that was sent is not sent twice.

    Refuses NoSuchPurchaseOrder.
    """
    order = await purchase_order(tx, po_id)
    if order.state == PURCHASE.initial:
        await tx.enqueue(SendPurchaseOrder(po_id))
    return order


async def mark_sent(tx: Tx, *, po_id: int) -> bool:
    """Note that a purchase order went out and tell the supplier; True the first time, later it is quiet."""
    order = await purchase_order(tx, po_id)
    if order.state != PURCHASE.initial:  # also one whose goods came before its paper
        return False
    if not await move(tx, PurchaseOrder, PURCHASE, "send", key={"id": po_id}, values={"sent_at": tx.now}):
        return False
    facts = {"po_id": order.number, "number": order.number, "arrive_by": order.deliver_by.isoformat()}
    await people.notify(tx, to=f"supplier:{order.supplier_id}", event="po.sent", facts=facts)
    await tx.announce(PurchaseOrderSent(order.cycle_id, po_id, order.supplier_id))
    return True


async def confirm_purchase_order(tx: Tx, *, po_id: int, supplier_id: int) -> PurchaseOrderValue:
    """Let a supplier confirm its own order; told twice it is quiet; refuses NoSuchPurchaseOrder and WrongState."""
    order = await purchase_order(tx, po_id, supplier_id=supplier_id)
    if await move(tx, PurchaseOrder, PURCHASE, "confirm", key={"id": po_id}, values={"confirmed_at": tx.now}):
        facts = {"supplier": order.supplier_name, "po_id": order.number}
        await people.notify(tx, to="staff:buyer", event="po.confirmed", facts=facts)
    return await purchase_order(tx, po_id, supplier_id=supplier_id)


async def lock_arriving(
    tx: Tx, *, cycle_id: int | None = None, po_id: int | None = None
) -> tuple[PurchaseOrderValue, ...]:
    """Lock all purchase orders of a cycle (or of the cycle of one of them) in order of id and return them.

    Nobody counts their lines without that lock. Refuses NoSuchPurchaseOrder when the one named does not exist.
    """
    if po_id is not None:
        cycle_id = await store.cycle_of(tx, po_id)
    if cycle_id is None:
        raise NoSuchPurchaseOrder(f"no purchase order {po_id}")
    return tuple(await with_lines(tx, await store.locked_orders(tx, cycle_id)))


async def note_arrivals(tx: Tx, *, po_id: int, counts: Mapping[int, Sequence[int]]) -> None:
    """Write what became of the lines of a locked purchase order: sku → pieces accepted, short, rejected and over."""
    if counts:
        await store.set_counts(tx, po_id, counts)


async def note_received(tx: Tx, *, po_id: int) -> bool:
    """Note that nothing of a purchase order is open any more; True the first time; refuses NoSuchThing."""
    return await move(tx, PurchaseOrder, PURCHASE, "receive", key={"id": po_id}, values={"received_at": tx.now})

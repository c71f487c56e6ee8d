"""Receiving goods against purchase orders, correcting what was stated, and finishing the receiving of a cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from linli import money, sale
from linli.kernel.ids import day_of
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.platform.database import Tx
from linli.platform.machines import move
from linli.platform.settings import value_of
from linli.supply.purchase.model import PURCHASE, PurchaseState
from linli.supply.purchase.queries import NoSuchPurchaseOrder
from linli.supply.purchase.records import PurchaseLine, PurchaseOrder
from linli.supply.receiving import store
from linli.supply.receiving.events import GoodsReceived, ReceivingFinished
from linli.supply.receiving.model import Arrival, ColdLimits, Counts
from linli.supply.receiving.queries import NoSuchReceipt
from linli.supply.receiving.rules import (
    alarms,
    arrival_trouble,
    claim_fen,
    counted,
    digest_of,
    plain,
    recounted,
    temperature_trouble,
)
from linli.supply.receiving.settings import CHILLED, FROZEN

COLD = {"chilled": CHILLED, "frozen": FROZEN}
NOT_DELIVERED = "收货结束仍未到货"


class ArrivalRefused(BadInput):
    """What was stated of a sku contradicts itself, or the goods are too warm or expired; facts: sku_id, reason."""

    title = "收货内容有误"


class SkuNotOrdered(NotFound):
    """The purchase order has no such sku; facts: sku_id."""

    title = "采购单没有这个商品"


class OverReceipt(Conflict):
    """More was stated than was ordered and is still open; facts: sku_id, open. Mark it over to accept more."""

    title = "收货超过采购数量"


class ReceivingOver(Conflict):
    """The receiving of this cycle is finished."""

    title = "该团期收货已结束"


class ReceivingTooEarly(Conflict):
    """The purchase orders of the cycle are not out yet; facts: state."""

    title = "采购单尚未发出"


async def receive(tx: Tx, *, po_id: int, arrivals: Sequence[Arrival], signed_by: str, note: str = "") -> int:
    """Sign for what arrived of a purchase order, lot by lot; returns the receipt's id.

    When nothing of the cycle is open any more its receiving is finished. Refuses NoSuchPurchaseOrder, ReceivingOver,
    SkuNotOrdered, ArrivalRefused and OverReceipt.
    """
    order = await _locked(tx, po_id)
    rows = {line.sku_id: line for line in await store.lines_of(tx, [po_id])}
    counts = {sku_id: counts_of(line) for sku_id, line in rows.items()}
    lines = []
    for arrival in arrivals:
        before = counts.get(arrival.sku_id)
        if before is None:
            raise SkuNotOrdered("the purchase order has no such sku", sku_id=str(arrival.sku_id))
        limits = await _limits(tx, rows[arrival.sku_id].storage_class)
        _refuse_trouble(arrival, limits, order)
        after = counted(before, arrival)
        if after is None:
            raise OverReceipt("more than was ordered", sku_id=str(arrival.sku_id), open=max(0, before.open))
        counts[arrival.sku_id] = after
        lines.append({**plain(arrival), "over": after.over - before.over, "alarm": alarms(arrival, limits)})
    return await _sign(tx, order, lines, counts, signed_by=signed_by, note=note)


async def correct_receipt(
    tx: Tx, *, receipt_id: int, arrivals: Sequence[Arrival], signed_by: str, note: str = ""
) -> int:
    """State anew what a receipt said of some skus and lots; the differences are a receipt of their own; returns its id.

    Refuses NoSuchReceipt, ReceivingOver, SkuNotOrdered, ArrivalRefused and OverReceipt.
    """
    first = await store.receipt(tx, receipt_id)
    if first is None or first.corrects is not None:
        raise NoSuchReceipt(f"no receipt {receipt_id} that can be corrected")
    order = await _locked(tx, first.po_id)
    said = await store.stated(tx, receipt_id)
    rows = {line.sku_id: line for line in await store.lines_of(tx, [order.id])}
    counts = {sku_id: counts_of(line) for sku_id, line in rows.items()}
    lines = []
    for arrival in arrivals:
        old = said.get((arrival.sku_id, arrival.lot))
        if old is None:
            raise SkuNotOrdered("the receipt says nothing of this sku and lot", sku_id=str(arrival.sku_id))
        before = counts[arrival.sku_id]
        limits = await _limits(tx, rows[arrival.sku_id].storage_class)
        if arrival.accepted + arrival.short + arrival.rejected:
            _refuse_trouble(arrival, limits, order)
        after = recounted(before, Arrival(arrival.sku_id, *old[:3]), arrival)
        if after is None:
            raise OverReceipt("more than was ordered", sku_id=str(arrival.sku_id), open=max(0, before.open))
        counts[arrival.sku_id] = after
        lines.append(
            plain(arrival)
            | {"accepted": arrival.accepted - old[0], "short": arrival.short - old[1]}
            | {"rejected": arrival.rejected - old[2], "over": after.over - before.over}
            | {"alarm": alarms(arrival, limits)}
        )
        said[arrival.sku_id, arrival.lot] = (arrival.accepted, arrival.short, arrival.rejected, 0)
    return await _sign(tx, order, lines, counts, signed_by=signed_by, note=note, corrects=receipt_id)


async def _locked(tx: Tx, po_id: int) -> PurchaseOrder:
    """Lock all purchase orders of the cycle, whose receiving the last receipt may finish; return the one named."""
    cycle_id = await store.cycle_of(tx, po_id)
    if cycle_id is None:
        raise NoSuchPurchaseOrder(f"no purchase order {po_id}")
    orders = {order.id: order for order in await store.locked_orders(tx, cycle_id)}
    if await store.is_finished(tx, cycle_id):
        raise ReceivingOver("the receiving of this cycle is finished", cycle_id=str(cycle_id))
    return orders[po_id]


async def _limits(tx: Tx, storage_class: str) -> ColdLimits | None:
    if storage_class not in COLD:
        return None
    return await value_of(tx, COLD[storage_class])


def _refuse_trouble(arrival: Arrival, limits: ColdLimits | None, order: PurchaseOrder) -> None:
    trouble = arrival_trouble(arrival, order.delivery_date) or temperature_trouble(arrival, limits)
    if trouble:
        raise ArrivalRefused(f"sku {arrival.sku_id}: {trouble}", sku_id=str(arrival.sku_id), reason=trouble)


def counts_of(line: PurchaseLine) -> Counts:
    """Return the counts that a line of a purchase order stands at."""
    return Counts(line.quantity, line.accepted, line.short, line.rejected, line.over)


async def _sign(
    tx: Tx,
    order: PurchaseOrder,
    lines: list[dict[str, Any]],
    counts: Mapping[int, Counts],
    *,
    signed_by: str,
    note: str,
    corrects: int | None = None,
) -> int:
    """Write a receipt with its counts; an order of which nothing is open is received, and so may be the cycle."""
    if not lines:
        raise ArrivalRefused("a receipt states something", reason="nothing")
    receipt_id = await tx.new_id(day_of(order.cycle_id))
    receipt = {
        "id": receipt_id, "po_id": order.id, "cycle_id": order.cycle_id, "supplier_id": order.supplier_id,
        "corrects": corrects, "signed_by": signed_by, "note": note, "received_at": tx.now, "by": tx.by,
        "digest": digest_of(order.id, signed_by, lines),
    }  # fmt: skip
    same = {"po_id": order.id, "cycle_id": order.cycle_id, "correction": corrects is not None}
    await store.add_receipt(tx, receipt, [{**line, **same} for line in lines])
    await store.set_counts(tx, order.id, {line["sku_id"]: counts[line["sku_id"]] for line in lines})
    complete = all(each.open <= 0 for each in counts.values())
    if complete:
        await _order_received(tx, order)
    await tx.announce(GoodsReceived(order.cycle_id, order.id, receipt_id, complete))
    if complete:
        orders = await store.locked_orders(tx, order.cycle_id)
        if all(each.state == PurchaseState.RECEIVED for each in orders):
            await finish_receiving(tx, cycle_id=order.cycle_id)
    return receipt_id


async def _order_received(tx: Tx, order: PurchaseOrder) -> None:
    await move(tx, PurchaseOrder, PURCHASE, "receive", key={"id": order.id}, values={"received_at": tx.now})


async def finish_receiving(tx: Tx, *, cycle_id: int) -> bool:
    """End the receiving of a cycle: what is open is short, suppliers are credited and claimed; True the first time.

    Refuses NoSuchCycle, and ReceivingTooEarly while the cycle's purchase orders are not out.
    """
    cycle = await sale.cycle(tx, cycle_id)
    if cycle.state in ("draft", "open", "closed", "buying"):
        raise ReceivingTooEarly("the purchase orders of this cycle are not out yet", state=str(cycle.state))
    orders = await store.locked_orders(tx, cycle_id)
    if not await store.finish(tx, cycle_id):
        return False
    rows = await store.lines_of(tx, [order.id for order in orders]) if orders else []
    results = [(line, counts_of(line)) for line in rows]
    for order in orders:
        await _close(tx, order, [pair for pair in results if pair[0].po_id == order.id])
    await money.record(tx, entries=[entry for line, counts in results for entry in _entries(line, counts, orders)])
    await tx.announce(ReceivingFinished(cycle_id))
    return True


async def _close(tx: Tx, order: PurchaseOrder, lines: list[tuple[PurchaseLine, Counts]]) -> None:
    """Write what is still open of a purchase order as short, by the house's own receipt, and mark it received."""
    missing = {line.sku_id: counts for line, counts in lines if counts.open > 0}
    if missing:
        blank = plain(Arrival(0, reason=NOT_DELIVERED)) | {"alarm": False, "over": 0}
        same = {"po_id": order.id, "cycle_id": order.cycle_id, "correction": False}
        stated = [{**blank, "sku_id": sku_id, "short": counts.open} for sku_id, counts in missing.items()]
        receipt = {
            "id": await tx.new_id(day_of(order.cycle_id)), "po_id": order.id, "cycle_id": order.cycle_id,
            "supplier_id": order.supplier_id, "corrects": None, "signed_by": tx.by, "note": NOT_DELIVERED,
            "received_at": tx.now, "by": tx.by, "digest": digest_of(order.id, tx.by, stated),
        }  # fmt: skip
        await store.add_receipt(tx, receipt, [{**line, **same} for line in stated])
        short = {sku_id: replace(each, short=each.short + each.open) for sku_id, each in missing.items()}
        await store.set_counts(tx, order.id, short)
    await _order_received(tx, order)


def _entries(line: PurchaseLine, counts: Counts, orders: Sequence[PurchaseOrder]) -> list[money.Entry]:
    supplier_id = next(order.supplier_id for order in orders if order.id == line.po_id)
    final = replace(counts, short=counts.short + max(0, counts.open))
    amounts = {
        ("goods_received", ""): line.amount_fen,
        ("goods_received", "over"): final.over * line.price_fen,
        ("supplier_claim", ""): claim_fen(final, line.price_fen),
    }
    return [
        money.Entry(
            kind=kind, amount_fen=fen, ref_kind="purchase_order", ref_id=line.po_id, cycle_id=line.cycle_id,
            owner_id=supplier_id, part=f"{line.sku_id}{part and ':' + part}",
        )
        for (kind, part), fen in amounts.items() if fen
    ]  # fmt: skip

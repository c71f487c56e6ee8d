"""Receiving goods against purchase orders, correcting what was stated, and finishing the receiving of a cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from linli import money, sale, supply
from linli.kernel.ids import day_of
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.platform.database import Tx
from linli.platform.settings import value_of
from linli.warehouse.receiving import store
from linli.warehouse.receiving.events import GoodsReceived, ReceivingFinished
from linli.warehouse.receiving.model import Arrival, ColdLimits, Counts
from linli.warehouse.receiving.queries import NoSuchReceipt
from linli.warehouse.receiving.rules import (
    alarms,
    arrival_trouble,
    claim_fen,
    counted,
    digest_of,
    plain,
    recounted,
    temperature_trouble,
)
from linli.warehouse.receiving.settings import CHILLED, FROZEN

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
    rows = {line.sku_id: line for line in order.lines}
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
    rows = {line.sku_id: line for line in order.lines}
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


async def _locked(tx: Tx, po_id: int) -> supply.PurchaseOrderValue:
    """Lock all purchase orders of the cycle, whose receiving the last receipt may finish; return the one named."""
    order = {each.id: each for each in await supply.lock_arriving(tx, po_id=po_id)}[po_id]
    if await store.is_finished(tx, order.cycle_id):
        raise ReceivingOver("the receiving of this cycle is finished", cycle_id=str(order.cycle_id))
    return order


async def _limits(tx: Tx, storage_class: str) -> ColdLimits | None:
    if storage_class not in COLD:
        return None
    return await value_of(tx, COLD[storage_class])


def _refuse_trouble(arrival: Arrival, limits: ColdLimits | None, order: supply.PurchaseOrderValue) -> None:
    trouble = arrival_trouble(arrival, order.delivery_date) or temperature_trouble(arrival, limits)
    if trouble:
        raise ArrivalRefused(f"sku {arrival.sku_id}: {trouble}", sku_id=str(arrival.sku_id), reason=trouble)


def counts_of(line: supply.PurchaseLineValue) -> Counts:
    """Return the counts that a line of a purchase order stands at."""
    return Counts(line.quantity, line.accepted, line.short, line.rejected, line.over)


def plainly(counts: Counts) -> tuple[int, int, int, int]:
    """Return counts as the four numbers a purchase order keeps."""
    return counts.accepted, counts.short, counts.rejected, counts.over


async def _sign(
    tx: Tx,
    order: supply.PurchaseOrderValue,
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
    stated = {line["sku_id"] for line in lines}
    receipt_id = await tx.new_id(day_of(order.cycle_id))
    receipt = {
        "id": receipt_id, "po_id": order.id, "cycle_id": order.cycle_id, "supplier_id": order.supplier_id,
        "corrects": corrects, "signed_by": signed_by, "note": note, "received_at": tx.now, "by": tx.by,
        "digest": digest_of(order.id, signed_by, lines),
    }  # fmt: skip
    same = {"po_id": order.id, "cycle_id": order.cycle_id, "correction": corrects is not None}
    await store.add_receipt(tx, receipt, [{**line, **same} for line in lines])
    await supply.note_arrivals(tx, po_id=order.id, counts={sku_id: plainly(counts[sku_id]) for sku_id in stated})
    complete = all(each.open <= 0 for each in counts.values())
    if complete:
        await supply.note_received(tx, po_id=order.id)
    await tx.announce(GoodsReceived(order.cycle_id, order.id, receipt_id, complete))
    if complete:
        orders = await supply.lock_arriving(tx, cycle_id=order.cycle_id)
        if all(each.received_at is not None for each in orders):
            await finish_receiving(tx, cycle_id=order.cycle_id)
    return receipt_id


async def finish_receiving(tx: Tx, *, cycle_id: int) -> bool:
    """End the receiving of a cycle: what is open is short, suppliers are credited and claimed; True the first time.

    Refuses NoSuchCycle, and ReceivingTooEarly while the cycle's purchase orders are not out.
    """
    cycle = await sale.cycle(tx, cycle_id)
    if cycle.state in ("draft", "open", "closed", "buying"):
        raise ReceivingTooEarly("the purchase orders of this cycle are not out yet", state=str(cycle.state))
    orders = await supply.lock_arriving(tx, cycle_id=cycle_id)
    if not await store.finish(tx, cycle_id):
        return False
    for order in orders:
        await _close(tx, order)
    await money.record(
        tx, entries=[entry for order in orders for line in order.lines for entry in _entries(order, line)]
    )
    await tx.announce(ReceivingFinished(cycle_id))
    return True


async def _close(tx: Tx, order: supply.PurchaseOrderValue) -> None:
    """Write what is still open of a purchase order as short, by the house's own receipt, and mark it received."""
    missing = {line.sku_id: counts for line in order.lines if (counts := counts_of(line)).open > 0}
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
        short = {sku_id: plainly(replace(each, short=each.short + each.open)) for sku_id, each in missing.items()}
        await supply.note_arrivals(tx, po_id=order.id, counts=short)
    await supply.note_received(tx, po_id=order.id)


def _entries(order: supply.PurchaseOrderValue, line: supply.PurchaseLineValue) -> list[money.Entry]:
    counts = counts_of(line)
    final = replace(counts, short=counts.short + max(0, counts.open))
    amounts = {
        ("goods_received", ""): line.amount_fen,
        ("goods_received", "over"): final.over * line.price_fen,
        ("supplier_claim", ""): claim_fen(final, line.price_fen),
    }
    return [
        money.Entry(
            kind=kind, amount_fen=fen, ref_kind="purchase_order", ref_id=order.id, cycle_id=order.cycle_id,
            owner_id=order.supplier_id, part=f"{line.sku_id}{part and ':' + part}",
        )
        for (kind, part), fen in amounts.items() if fen
    ]  # fmt: skip

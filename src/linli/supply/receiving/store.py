"""SQL of receiving; the lines of a purchase order are locked in order of sku before they are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from linli.platform.database import Tx
from linli.supply.purchase.records import PurchaseLine, PurchaseOrder
from linli.supply.receiving.model import Counts
from linli.supply.receiving.records import Receipt, ReceiptLine, Receiving


async def cycle_of(tx: Tx, po_id: int) -> int | None:
    """Return the cycle of a purchase order, or None."""
    here = (PurchaseOrder.region_id == tx.region_id, PurchaseOrder.id == po_id)
    found: int | None = await tx.scalar(select(PurchaseOrder.cycle_id).where(*here))
    return found


async def locked_orders(tx: Tx, cycle_id: int) -> Sequence[PurchaseOrder]:
    """Lock the purchase orders of a cycle in order of id and return them."""
    here = (PurchaseOrder.region_id == tx.region_id, PurchaseOrder.cycle_id == cycle_id)
    return await tx.all(select(PurchaseOrder).where(*here).order_by(PurchaseOrder.id).with_for_update())


async def lines_of(tx: Tx, po_ids: Sequence[int]) -> Sequence[PurchaseLine]:
    """Return the lines of locked purchase orders, which nobody counts without that lock."""
    here = (PurchaseLine.region_id == tx.region_id, PurchaseLine.po_id.in_(po_ids))
    return await tx.all(select(PurchaseLine).where(*here).order_by(PurchaseLine.po_id, PurchaseLine.sku_id))


async def set_counts(tx: Tx, po_id: int, counts: Mapping[int, Counts]) -> None:
    """Write the new counts of a purchase order's lines; the table's constraints have the last word."""
    change = update(PurchaseLine).where(
        PurchaseLine.region_id == bindparam("region_id_"),
        PurchaseLine.po_id == bindparam("po_id_"),
        PurchaseLine.sku_id == bindparam("sku_id_"),
    )
    columns = ("accepted", "short", "rejected", "over")
    rows = [
        {"region_id_": tx.region_id, "po_id_": po_id, "sku_id_": sku_id, **{f"{c}_": getattr(each, c) for c in columns}}
        for sku_id, each in sorted(counts.items())
    ]
    await tx.execute(change.values({c: bindparam(f"{c}_") for c in columns}), rows)


async def add_receipt(tx: Tx, receipt: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    """Write a receipt with its lines."""
    await tx.execute(insert(Receipt).values(region_id=tx.region_id, **receipt))
    ids = await tx.new_ids(len(lines))
    same = {"region_id": tx.region_id, "receipt_id": receipt["id"]}
    await tx.execute(insert(ReceiptLine), [{**same, **line, "id": id} for id, line in zip(ids, lines, strict=True)])


async def receipt(tx: Tx, receipt_id: int) -> Receipt | None:
    """Return a receipt."""
    return await tx.first(select(Receipt).where(Receipt.region_id == tx.region_id, Receipt.id == receipt_id))


async def stated(tx: Tx, receipt_id: int) -> dict[tuple[int, str], tuple[int, int, int, int]]:
    """Return what a receipt and its corrections say by sku and lot: accepted, short, rejected, over."""
    key = (ReceiptLine.sku_id, ReceiptLine.lot)
    parts = (ReceiptLine.accepted, ReceiptLine.short, ReceiptLine.rejected, ReceiptLine.over)
    joined = (Receipt.region_id == ReceiptLine.region_id) & (Receipt.id == ReceiptLine.receipt_id)
    mine = (Receipt.id == receipt_id) | (Receipt.corrects == receipt_id)
    sums = select(*key, *(func.sum(part) for part in parts)).join(Receipt, joined)
    here = sums.where(ReceiptLine.region_id == tx.region_id, Receipt.region_id == tx.region_id, mine).group_by(*key)
    return {(row[0], row[1]): tuple(map(int, row[2:])) for row in await tx.execute(here)}  # type: ignore[misc]


async def finish(tx: Tx, cycle_id: int) -> bool:
    """Write that a cycle's receiving is over; False when it was before (waiting for a twin in flight)."""
    row = {"region_id": tx.region_id, "cycle_id": cycle_id, "finished_at": tx.now, "by": tx.by}
    write = insert(Receiving).values(**row).on_conflict_do_nothing()
    return (await tx.execute(write.returning(Receiving.cycle_id))).first() is not None


async def is_finished(tx: Tx, cycle_id: int) -> bool:
    """Tell whether a cycle's receiving is over."""
    here = (Receiving.region_id == tx.region_id, Receiving.cycle_id == cycle_id)
    return await tx.scalar(select(Receiving.cycle_id).where(*here)) is not None

"""SQL of receiving; a receipt is only ever added."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from linli.platform.database import Tx
from linli.warehouse.receiving.records import Receipt, ReceiptLine, Receiving


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

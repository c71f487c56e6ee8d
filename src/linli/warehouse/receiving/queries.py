"""Reading what arrived: receipts, and lots as evidence."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.warehouse.receiving import store
from linli.warehouse.receiving.model import LotValue, ReceiptLineValue, ReceiptValue
from linli.warehouse.receiving.records import Receipt, ReceiptLine


class NoSuchReceipt(NotFound):
    """There is no such receipt."""

    title = "没有这个收货单"


LINE_FIELDS = tuple(ReceiptLineValue.__dataclass_fields__)
FIELDS = tuple(name for name in ReceiptValue.__dataclass_fields__ if name != "lines")


async def receiving_is_finished(tx: Tx, cycle_id: int) -> bool:
    """Tell whether everything a cycle ordered has arrived or is known not to come."""
    return await store.is_finished(tx, cycle_id)


async def receipts(tx: Tx, *, po_id: int | None = None, cycle_id: int | None = None) -> list[ReceiptValue]:
    """Return the receipts of a purchase order or a cycle, corrections too, oldest first."""
    chosen = select(Receipt).where(Receipt.region_id == tx.region_id)
    for column, wanted in ((Receipt.po_id, po_id), (Receipt.cycle_id, cycle_id)):
        if wanted is not None:
            chosen = chosen.where(column == wanted)
    return await _with_lines(tx, await tx.all(chosen.order_by(Receipt.id).limit(2_000)))


async def _with_lines(tx: Tx, rows: Sequence[Receipt]) -> list[ReceiptValue]:
    found: dict[int, list[ReceiptLineValue]] = {row.id: [] for row in rows}
    if rows:
        here = (ReceiptLine.region_id == tx.region_id, ReceiptLine.receipt_id.in_(found))
        for line in await tx.all(select(ReceiptLine).where(*here).order_by(ReceiptLine.id)):
            found[line.receipt_id].append(ReceiptLineValue(**{name: getattr(line, name) for name in LINE_FIELDS}))
    return [ReceiptValue(**{name: getattr(row, name) for name in FIELDS}, lines=tuple(found[row.id])) for row in rows]


async def receipt(tx: Tx, receipt_id: int) -> ReceiptValue:
    """Return one receipt; refuses NoSuchReceipt."""
    row = await store.receipt(tx, receipt_id)
    if row is None:
        raise NoSuchReceipt(f"no receipt {receipt_id}")
    return (await _with_lines(tx, [row]))[0]


async def lots_of_sku(tx: Tx, cycle_id: int, sku_id: int) -> list[LotValue]:
    """Return from which deliveries the accepted pieces of a sku came in a cycle."""
    joined = (Receipt.region_id == ReceiptLine.region_id) & (Receipt.id == ReceiptLine.receipt_id)
    columns = (
        ReceiptLine.receipt_id, Receipt.supplier_id, ReceiptLine.sku_id, ReceiptLine.lot, ReceiptLine.produced_on,
        ReceiptLine.expires_on, ReceiptLine.temperature_tenths, ReceiptLine.accepted, Receipt.received_at,
    )  # fmt: skip
    here = (ReceiptLine.region_id == tx.region_id, Receipt.region_id == tx.region_id)
    of_sku = (ReceiptLine.cycle_id == cycle_id, ReceiptLine.sku_id == sku_id)
    chosen = select(*columns).join(Receipt, joined).where(*here, *of_sku).order_by(ReceiptLine.id)
    return [LotValue(*row) for row in await tx.execute(chosen)]

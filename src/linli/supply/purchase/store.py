"""SQL that makes purchase orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from linli.platform.database import Tx
from linli.supply.purchase.records import PurchaseLine, PurchaseOrder, SkuNeed


async def add_needs(tx: Tx, cycle_id: int, rows: list[dict[str, Any]]) -> None:
    """Write what each sku of a cycle needs."""
    same = {"region_id": tx.region_id, "cycle_id": cycle_id}
    await tx.execute(insert(SkuNeed), [{**same, **row} for row in rows])


async def add_orders(tx: Tx, orders: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
    """Write purchase orders and their lines."""
    fresh = {"region_id": tx.region_id, "accepted": 0, "short": 0, "rejected": 0, "over": 0}
    await tx.execute(insert(PurchaseOrder), [{"region_id": tx.region_id, **row} for row in orders])
    await tx.execute(insert(PurchaseLine), [{**fresh, **row} for row in lines])


async def bought(tx: Tx, cycle_id: int) -> bool:
    """Tell whether the needs of a cycle were worked out before."""
    here = (SkuNeed.region_id == tx.region_id, SkuNeed.cycle_id == cycle_id)
    return await tx.scalar(select(SkuNeed.sku_id).where(*here).limit(1)) is not None


async def order_ids(tx: Tx, cycle_id: int) -> list[int]:
    """Return the ids of a cycle's purchase orders."""
    here = (PurchaseOrder.region_id == tx.region_id, PurchaseOrder.cycle_id == cycle_id)
    return list((await tx.execute(select(PurchaseOrder.id).where(*here).order_by(PurchaseOrder.id))).scalars())


async def cycle_of(tx: Tx, po_id: int) -> int | None:
    """Return the cycle of a purchase order, or None."""
    here = (PurchaseOrder.region_id == tx.region_id, PurchaseOrder.id == po_id)
    found: int | None = await tx.scalar(select(PurchaseOrder.cycle_id).where(*here))
    return found


async def locked_orders(tx: Tx, cycle_id: int) -> Sequence[PurchaseOrder]:
    """Lock the purchase orders of a cycle in order of id and return them."""
    here = (PurchaseOrder.region_id == tx.region_id, PurchaseOrder.cycle_id == cycle_id)
    return await tx.all(select(PurchaseOrder).where(*here).order_by(PurchaseOrder.id).with_for_update())


async def set_counts(tx: Tx, po_id: int, counts: Mapping[int, Sequence[int]]) -> None:
    """Write the new counts of a purchase order's lines; the table's constraints have the last word."""
    change = update(PurchaseLine).where(
        PurchaseLine.region_id == bindparam("region_id_"),
        PurchaseLine.po_id == bindparam("po_id_"),
        PurchaseLine.sku_id == bindparam("sku_id_"),
    )
    columns = ("accepted", "short", "rejected", "over")
    same = {"region_id_": tx.region_id, "po_id_": po_id}
    rows = [
        {**same, "sku_id_": sku_id, **{f"{name}_": count for name, count in zip(columns, each, strict=True)}}
        for sku_id, each in sorted(counts.items())
    ]
    await tx.execute(change.values({name: bindparam(f"{name}_") for name in columns}), rows)

"""SQL that makes purchase orders."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

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

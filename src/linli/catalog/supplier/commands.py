"""Adding suppliers and their terms."""

from __future__ import annotations

from datetime import datetime

from linli.catalog.product.queries import sku
from linli.catalog.supplier import store
from linli.catalog.supplier.model import SupplierValue, SupplyValue
from linli.catalog.supplier.queries import NoSuchSupplier, supplier
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx


class SupplierNameTaken(Conflict):
    """There is a supplier of this name."""

    title = "已有同名供应商"


class TermsDatedTwice(Conflict):
    """There are terms of this supplier for this sku from the same instant on; terms are never rewritten."""

    title = "该时刻已有供货条件"


class CapacityTooSmall(BadInput):
    """The supplier's day does not even hold one pack."""

    title = "日供应量不足一箱"


async def add_supplier(tx: Tx, *, name: str, contact: str = "", address: str = "") -> SupplierValue:
    """Add a supplier; refuses SupplierNameTaken."""
    made = SupplierValue(await tx.new_id(), name, contact, address, active=True)
    if not await store.add_supplier(tx, {**vars(made), "made_at": tx.now}):
        raise SupplierNameTaken(f"there is a supplier {name}", name=name)
    return made


async def set_supplier_active(tx: Tx, *, supplier_id: int, active: bool) -> SupplierValue:
    """Say whether a supplier gets new offers; refuses NoSuchSupplier."""
    if not await store.set_active(tx, supplier_id, active):
        raise NoSuchSupplier(f"no supplier {supplier_id}", supplier_id=supplier_id)
    return await supplier(tx, supplier_id)


async def add_supply(
    tx: Tx,
    *,
    supplier_id: int,
    sku_id: int,
    price_fen: int,
    pack_size: int = 1,
    minimum_packs: int = 1,
    capacity_per_day: int | None = None,
    valid_from: datetime | None = None,
    available: bool = True,
) -> SupplyValue:
    """Set a supplier's terms for a sku from an instant on (now by default): fen a piece, pieces a pack.

    `available=False` withdraws. Refuses NoSuchSupplier, NoSuchSku, CapacityTooSmall and TermsDatedTwice.
    """
    of = await supplier(tx, supplier_id)
    await sku(tx, sku_id)
    if capacity_per_day is not None and capacity_per_day < pack_size:
        raise CapacityTooSmall(capacity_per_day=capacity_per_day, pack_size=pack_size)
    row = {
        "supplier_id": supplier_id,
        "sku_id": sku_id,
        "price_fen": price_fen,
        "pack_size": pack_size,
        "minimum_packs": minimum_packs,
        "capacity_per_day": capacity_per_day,
        "valid_from": valid_from or tx.now,
        "available": available,
    }
    if not await store.add_supply(tx, {**row, "id": await tx.new_id(), "by": tx.by, "made_at": tx.now}):
        raise TermsDatedTwice("there are terms from this instant on", valid_from=row["valid_from"])
    return SupplyValue(supplier_name=of.name, **row)  # type: ignore[arg-type]

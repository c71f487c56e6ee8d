"""What supplier commands read and write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from linli.catalog.supplier.records import Supplier, Supply
from linli.platform.database import Tx


async def add_supplier(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a supplier; False when the name is taken."""
    made = await tx.execute(insert(Supplier).values(**row).on_conflict_do_nothing().returning(Supplier.id))
    return made.first() is not None


async def add_supply(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert terms; False when there are terms from the same instant on."""
    made = await tx.execute(insert(Supply).values(**row).on_conflict_do_nothing().returning(Supply.id))
    return made.first() is not None


async def set_active(tx: Tx, supplier_id: int, active: bool) -> bool:
    """Set whether a supplier gets new offers; False when there is none of this id."""
    changed = update(Supplier).where(Supplier.id == supplier_id).values(active=active).returning(Supplier.id)
    return (await tx.execute(changed)).first() is not None

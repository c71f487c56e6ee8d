"""What category commands read and write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from linli.catalog.category.records import Category
from linli.platform.database import Tx


async def find(tx: Tx, category_id: int) -> Category | None:
    """Return a category's row."""
    return await tx.first(select(Category).where(Category.id == category_id))


async def add(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a category; False when its parent has one of this name already."""
    made = await tx.execute(insert(Category).values(**row).on_conflict_do_nothing().returning(Category.id))
    return made.first() is not None

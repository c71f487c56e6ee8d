"""What category commands read and write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select, update
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


async def lock_tree(tx: Tx) -> dict[int, int | None]:
    """Keep the tree as it is until the transaction ends; returns the parent of each category.

    Two moves at once could otherwise close a ring that neither of them sees.
    """
    locked = select(Category.id).order_by(Category.id).with_for_update(key_share=True)
    await tx.execute(locked)
    now = select(Category.id, Category.parent_id)  # a fresh look: the lock may have waited for a move
    return {row.id: row.parent_id for row in await tx.execute(now)}


async def change(tx: Tx, category_id: int, values: dict[str, Any]) -> bool:
    """Change a category; False when its parent has another one of this name."""
    taken = None
    if "name" in values or "parent_id" in values:
        row = await find(tx, category_id)
        assert row is not None
        parent_id = values.get("parent_id", row.parent_id)
        beside = Category.parent_id.is_(None) if parent_id is None else Category.parent_id == parent_id
        same = beside & (Category.name == values.get("name", row.name)) & (Category.id != category_id)
        taken = await tx.scalar(select(exists().where(same)))
    if taken:
        return False
    await tx.execute(update(Category).where(Category.id == category_id).values(**values))
    return True

"""Reading categories."""

from __future__ import annotations

from sqlalchemy import select

from linli.catalog.category import store
from linli.catalog.category.model import CategoryValue
from linli.catalog.category.records import Category
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx


class NoSuchCategory(NotFound):
    """There is no category with this id."""

    title = "没有这个品类"


async def category(tx: Tx, category_id: int) -> CategoryValue:
    """Return one category; refuses NoSuchCategory."""
    row = await store.find(tx, category_id)
    if row is None:
        raise NoSuchCategory(f"no category {category_id}", category_id=category_id)
    return value(row)


async def categories(tx: Tx, after: int = 0, limit: int = 200) -> list[CategoryValue]:
    """Return a page of categories in the order they were made."""
    page = select(Category).where(Category.id > after).order_by(Category.id).limit(limit)
    return [value(row) for row in await tx.all(page)]


async def tree(tx: Tx) -> dict[int, CategoryValue]:
    """Return all categories by id."""
    return {row.id: value(row) for row in await tx.all(select(Category).order_by(Category.id))}


def value(row: Category) -> CategoryValue:
    """Return a row as the plain value other rooms get."""
    return CategoryValue(
        row.id,
        row.parent_id,
        row.name,
        row.storage_class,
        row.commission_bp,
        row.quality_window_hours,
        row.order_window_hours,
        tuple(row.required_fields),
        row.nature,
    )

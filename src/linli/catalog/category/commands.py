"""Making categories."""

from __future__ import annotations

from collections.abc import Sequence

from linli.catalog.category import store
from linli.catalog.category.model import CategoryValue
from linli.catalog.category.queries import category
from linli.kernel.refusals import Conflict
from linli.platform.database import Tx


class CategoryNameTaken(Conflict):
    """There is a category of this name at this place of the tree."""

    title = "同级品类已有这个名称"


async def add_category(
    tx: Tx,
    *,
    name: str,
    storage_class: str,
    commission_bp: int,
    parent_id: int | None = None,
    quality_window_hours: int = 24,
    order_window_hours: int = 12,
    required_fields: Sequence[str] = (),
) -> CategoryValue:
    """Add a category below another one (or at the top); refuses NoSuchCategory and CategoryNameTaken."""
    if parent_id is not None:
        await category(tx, parent_id)
    made = CategoryValue(
        await tx.new_id(),
        parent_id,
        name,
        storage_class,
        commission_bp,
        quality_window_hours,
        order_window_hours,
        tuple(dict.fromkeys(required_fields)),
    )
    row = {**vars(made), "required_fields": list(made.required_fields), "made_at": tx.now}
    if not await store.add(tx, row):
        raise CategoryNameTaken(f"there is a category {name} here", name=name)
    return made

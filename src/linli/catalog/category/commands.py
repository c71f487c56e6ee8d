"""Making, changing and moving categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from linli.catalog.category import rules, store
from linli.catalog.category.model import Band, CategoryValue, Nature
from linli.catalog.category.queries import category
from linli.catalog.category.settings import DAILY_COMMISSION, DEPTH, FRESH_COMMISSION
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx
from linli.platform.settings import value_of


class CategoryNameTaken(Conflict):
    """There is a category of this name at this place of the tree."""

    title = "同级品类已有这个名称"


class CategoryMisplaced(Conflict):
    """The category cannot hang there: below itself, or too deep; facts: reason, levels."""

    title = "品类不能放在这里"


class CommissionOutOfBand(BadInput):
    """The default commission is missing or lies outside what is usual for this nature of goods; facts: nature,
    least_bp, most_bp."""

    title = "佣金率不在该类商品的范围内"


async def add_category(
    tx: Tx,
    *,
    name: str,
    storage_class: str,
    commission_bp: int | None = None,
    parent_id: int | None = None,
    nature: str = Nature.OTHER,
    quality_window_hours: int = 24,
    order_window_hours: int = 12,
    required_fields: Sequence[str] = (),
) -> CategoryValue:
    """Add a category below another one (or at the top); fresh and daily goods have a usual commission.

    Refuses NoSuchCategory, CategoryMisplaced, CommissionOutOfBand and CategoryNameTaken.
    """
    if parent_id is not None:
        await category(tx, parent_id)
        levels = await value_of(tx, DEPTH)
        if len(rules.line_of(await store.lock_tree(tx), parent_id)) >= levels:
            raise CategoryMisplaced(f"the tree has {levels} levels at most", reason="too_deep", levels=levels)
    made = CategoryValue(
        await tx.new_id(),
        parent_id,
        name,
        storage_class,
        await _commission(tx, nature, commission_bp),
        quality_window_hours,
        order_window_hours,
        tuple(dict.fromkeys(required_fields)),
        nature,
    )
    row = {**vars(made), "required_fields": list(made.required_fields), "made_at": tx.now}
    if not await store.add(tx, row):
        raise CategoryNameTaken(f"there is a category {name} here", name=name)
    return made


async def change_category(
    tx: Tx,
    *,
    category_id: int,
    name: str,
    storage_class: str,
    commission_bp: int | None,
    nature: str,
    quality_window_hours: int,
    order_window_hours: int,
    required_fields: Sequence[str],
) -> CategoryValue:
    """Change what a category says; offers keep what they copied, products must have what it requires before the next.

    Refuses NoSuchCategory, CommissionOutOfBand and CategoryNameTaken.
    """
    await store.lock_tree(tx)
    await category(tx, category_id)
    values: dict[str, Any] = {
        "name": name,
        "storage_class": storage_class,
        "commission_bp": await _commission(tx, nature, commission_bp),
        "nature": nature,
        "quality_window_hours": quality_window_hours,
        "order_window_hours": order_window_hours,
        "required_fields": list(dict.fromkeys(required_fields)),
    }
    if not await store.change(tx, category_id, values):
        raise CategoryNameTaken(f"there is a category {name} here", name=name)
    return await category(tx, category_id)


async def move_category(tx: Tx, *, category_id: int, parent_id: int | None) -> CategoryValue:
    """Hang a category with everything below it under another one (or at the top).

    Refuses NoSuchCategory, CategoryMisplaced and CategoryNameTaken.
    """
    parents = await store.lock_tree(tx)
    moved = await category(tx, category_id)
    if parent_id is not None:
        await category(tx, parent_id)
    levels = await value_of(tx, DEPTH)
    if trouble := rules.move_trouble(parents, category_id, parent_id, levels):
        raise CategoryMisplaced(f"{moved.name} cannot hang there: {trouble}", reason=trouble, levels=levels)
    if not await store.change(tx, category_id, {"parent_id": parent_id}):
        raise CategoryNameTaken(f"there is a category {moved.name} there", name=moved.name)
    return await category(tx, category_id)


async def _commission(tx: Tx, nature: str, given_bp: int | None) -> int:
    setting = {Nature.FRESH: FRESH_COMMISSION, Nature.DAILY: DAILY_COMMISSION}.get(Nature(nature))
    band: Band | None = None
    if setting is not None:
        band = await value_of(tx, setting)
    found = rules.commission_of(given_bp, band)
    if found is None:
        usual = vars(band) if band else {}
        raise CommissionOutOfBand("say a commission that is usual for these goods", nature=nature, **usual)
    return found

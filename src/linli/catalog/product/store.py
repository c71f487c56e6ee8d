"""What product commands read and write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from linli.catalog.product.records import Picture, Product, Sku
from linli.platform.database import Tx


async def add_product(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a product; False when its category has one of this name already."""
    made = await tx.execute(insert(Product).values(**row).on_conflict_do_nothing().returning(Product.id))
    return made.first() is not None


async def add_skus(tx: Tx, rows: list[dict[str, Any]]) -> set[int]:
    """Insert sizes; returns the ids of those whose barcode and spec were free."""
    made = await tx.execute(insert(Sku).values(rows).on_conflict_do_nothing().returning(Sku.id))
    return {row[0] for row in made}


async def add_picture(tx: Tx, row: dict[str, Any]) -> None:
    """List a picture."""
    await tx.execute(insert(Picture).values(**row))


async def known_pictures(tx: Tx, names: Sequence[str]) -> set[str]:
    """Return which of these pictures are listed."""
    return {row[0] for row in await tx.execute(select(Picture.name).where(Picture.name.in_(names)))}


async def set_active(tx: Tx, sku_id: int, active: bool) -> bool:
    """Put a size on or off the list of what may be offered; False when there is none of this id."""
    changed = update(Sku).where(Sku.id == sku_id).values(active=active).returning(Sku.id)
    return (await tx.execute(changed)).first() is not None

"""What product commands read and write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert

from linli.catalog.product.records import Licence, Product, Sku
from linli.platform.database import Tx


async def add_product(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a product; False when its category has one of this name, or any has its code already."""
    made = await tx.execute(insert(Product).values(**row).on_conflict_do_nothing().returning(Product.id))
    return made.first() is not None


async def locked(tx: Tx, product_id: int) -> Product | None:
    """Return a product's row and keep it until the transaction ends."""
    wanted = select(Product).where(Product.id == product_id).with_for_update(key_share=True)
    return await tx.first(wanted)


async def change_product(tx: Tx, product_id: int, values: dict[str, Any]) -> None:
    """Change a product."""
    await tx.execute(update(Product).where(Product.id == product_id).values(**values))


async def name_taken(tx: Tx, category_id: int, name: str, *, but: int) -> bool:
    """Tell whether another product of the category has this name."""
    same = exists().where(Product.category_id == category_id, Product.name == name, Product.id != but)
    return bool(await tx.scalar(select(same)))


async def code_taken(tx: Tx, code: str, *, but: int = 0) -> bool:
    """Tell whether another product has this code."""
    return bool(code) and bool(await tx.scalar(select(exists().where(Product.code == code, Product.id != but))))


async def add_skus(tx: Tx, rows: list[dict[str, Any]]) -> set[int]:
    """Insert sizes; returns the ids of those whose barcode and spec were free."""
    made = await tx.execute(insert(Sku).values(rows).on_conflict_do_nothing().returning(Sku.id))
    return {row[0] for row in made}


async def locked_sku(tx: Tx, sku_id: int) -> Sku | None:
    """Return a size's row and keep it until the transaction ends."""
    return await tx.first(select(Sku).where(Sku.id == sku_id).with_for_update(key_share=True))


async def barcode_taken(tx: Tx, barcode: str, *, but: int) -> bool:
    """Tell whether another size carries this barcode."""
    return bool(barcode) and bool(await tx.scalar(select(exists().where(Sku.barcode == barcode, Sku.id != but))))


async def spec_taken(tx: Tx, product_id: int, spec: str, *, but: int) -> bool:
    """Tell whether another size of the product has this spec."""
    same = exists().where(Sku.product_id == product_id, Sku.spec == spec, Sku.id != but)
    return bool(await tx.scalar(select(same)))


async def change_sku(tx: Tx, sku_id: int, values: dict[str, Any]) -> bool:
    """Change a size; False when there is none of this id."""
    changed = update(Sku).where(Sku.id == sku_id).values(**values).returning(Sku.id)
    return (await tx.execute(changed)).first() is not None


async def add_licence(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a licence; False when the product has one of this kind and number."""
    made = await tx.execute(insert(Licence).values(**row).on_conflict_do_nothing().returning(Licence.id))
    return made.first() is not None


async def withdraw_licence(tx: Tx, product_id: int, licence_id: int) -> None:
    """Withdraw a licence of a product; one that is withdrawn stays as it was."""
    mine = (Licence.id == licence_id, Licence.product_id == product_id, Licence.withdrawn_at.is_(None))
    given = update(Licence).where(*mine)
    await tx.execute(given.values(withdrawn_at=tx.now, withdrawn_by=tx.by))

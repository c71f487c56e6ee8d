"""Reading products and their sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, func, or_, select

from linli.catalog.category.records import Category
from linli.catalog.product import store
from linli.catalog.product.model import ProductValue, SkuValue
from linli.catalog.product.records import Product, Sku
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx


class NoSuchSku(NotFound):
    """There is no sku with this id."""

    title = "没有这个规格"


class NoSuchProduct(NotFound):
    """There is no product with this id."""

    title = "没有这个商品"


class NoSuchPicture(NotFound):
    """No product picture has this name."""

    title = "没有这张图片"


def _skus() -> Select[Sku, Product, Category]:
    joined = select(Sku, Product, Category).join(Product, Product.id == Sku.product_id)
    return joined.join(Category, Category.id == Product.category_id)


def _value(sku: Sku, product: Product, category: Category) -> SkuValue:
    return SkuValue(
        id=sku.id,
        product_id=product.id,
        product_name=product.name,
        spec=sku.spec,
        unit=sku.unit,
        barcode=sku.barcode,
        net_g=sku.net_g,
        gross_g=sku.gross_g,
        volume_ml=sku.volume_ml,
        weighed=sku.weighed,
        active=sku.active,
        category_id=category.id,
        category_name=category.name,
        storage_class=category.storage_class,
        commission_bp=category.commission_bp,
        quality_window_hours=category.quality_window_hours,
        order_window_hours=category.order_window_hours,
        pictures=tuple(product.pictures),
    )


async def skus(tx: Tx, ids: Iterable[int]) -> dict[int, SkuValue]:
    """Return the skus of these ids, in one query; unknown ids are left out."""
    found = await tx.rows(_skus().where(Sku.id.in_(set(ids))).order_by(Sku.id))
    return {sku.id: _value(sku, product, category) for sku, product, category in found}


async def sku(tx: Tx, sku_id: int) -> SkuValue:
    """Return one sku; refuses NoSuchSku."""
    found = await skus(tx, [sku_id])
    if sku_id not in found:
        raise NoSuchSku(f"no sku {sku_id}", sku_id=sku_id)
    return found[sku_id]


async def sku_by_barcode(tx: Tx, barcode: str) -> SkuValue | None:
    """Return the sku that carries a barcode, or None."""
    row = (await tx.rows(_skus().where(Sku.barcode == barcode, Sku.barcode != ""))).first()
    return _value(*row) if row else None


async def product(tx: Tx, product_id: int) -> ProductValue:
    """Return one product with its sizes; refuses NoSuchProduct."""
    row = await tx.first(select(Product).where(Product.id == product_id))
    if row is None:
        raise NoSuchProduct(f"no product {product_id}", product_id=product_id)
    return (await _with_skus(tx, [row]))[0]


async def products(tx: Tx, *, search: str = "", after: int = 0, limit: int = 50) -> list[ProductValue]:
    """Return a page of products; `search` is part of a name (or its pinyin) or a whole barcode."""
    page = select(Product).where(Product.id > after)
    if search:
        named = or_(*(func.strpos(func.lower(c), search.lower()) > 0 for c in (Product.name, Product.other_names)))
        page = page.where(or_(named, Product.id.in_(select(Sku.product_id).where(Sku.barcode == search))))
    return await _with_skus(tx, await tx.all(page.order_by(Product.id).limit(limit)))


async def _with_skus(tx: Tx, rows: Sequence[Product]) -> list[ProductValue]:
    ids = [row.id for row in rows]
    of_product: dict[int, list[SkuValue]] = {id: [] for id in ids}
    for found in await tx.rows(_skus().where(Product.id.in_(ids)).order_by(Sku.id)):
        value = _value(*found)
        of_product[value.product_id].append(value)
    return [_product(row, tuple(of_product[row.id])) for row in rows]


def _product(row: Product, skus: tuple[SkuValue, ...]) -> ProductValue:
    return ProductValue(
        row.id,
        row.category_id,
        row.name,
        row.other_names,
        row.origin,
        row.grade,
        row.shelf_life_days,
        row.quality_standard,
        row.share_copy,
        tuple(row.pictures),
        skus,
    )


async def shown_picture(tx: Tx, name: str) -> str:
    """Return the name of a listed picture; refuses NoSuchPicture."""
    if not await store.known_pictures(tx, [name]):
        raise NoSuchPicture("no such picture")
    return name

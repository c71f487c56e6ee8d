"""Reading products and their sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY

from linli.catalog.category.model import Field
from linli.catalog.category.queries import category
from linli.catalog.category.records import Category
from linli.catalog.product import rules
from linli.catalog.product.model import LicenceValue, ProductValue, SkuValue
from linli.catalog.product.records import Licence, Product, Sku
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.platform.words import plain, question


class NoSuchSku(NotFound):
    """There is no sku with this id."""

    title = "没有这个规格"


class NoSuchProduct(NotFound):
    """There is no product with this id."""

    title = "没有这个商品"


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
        pack_size=sku.pack_size,
        estimate_g=sku.estimate_g,
        least_g=sku.least_g,
        most_g=sku.most_g,
        spec_values=sku.spec_values,
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


async def products(
    tx: Tx, *, search: str = "", category_id: int | None = None, after: int = 0, limit: int = 50
) -> list[ProductValue]:
    """Return a page of products, all in the order they were made, or those a search finds, the likeliest first.

    `search` is Chinese, pinyin, initials or the beginning of either, or a whole barcode; `after` is the last one seen.
    """
    page = select(Product).order_by(Product.id).where(Product.id > after)
    if search:
        page_of = await _found(tx, search, after)
        if page_of is None:
            return []
        page = page_of
    if category_id is not None:
        page = page.where(Product.category_id == category_id)
    return await _with_skus(tx, await tx.all(page.limit(limit)))


async def _found(tx: Tx, search: str, after: int) -> Select[Product] | None:
    """Return the page of what a search finds: a barcode names one product, words are ranked."""
    text = plain(search)
    if text.isascii() and text.isdigit() and len(text) in (8, 12, 13):
        owner = await tx.scalar(select(Sku.product_id).where(Sku.barcode == text))
        if owner is not None:
            return select(Product).where(Product.id == owner, Product.id > after)
    asked = question(search)
    if not asked:
        return None
    rank = _rank(text, asked)
    page = select(Product).where(Product.tokens.op("@@")(cast(asked, TSQUERY)))
    if after:
        last = await tx.scalar(select(rank).where(Product.id == after))
        page = page.where((rank < last) | ((rank == last) & (Product.id > after)))
    return page.order_by(rank.desc(), Product.id)


def _rank(text: str, asked: str) -> ColumnElement[int]:
    """Return how likely a product is what was meant: its whole name, its beginning, then the weight of what fits and
    how short the name is."""
    bare = "".join(text.split())
    beginning = or_(
        func.starts_with(func.lower(Product.name), text),
        func.starts_with(Product.pinyin, bare),
        func.starts_with(Product.initials, bare),
    )
    whole = or_(func.lower(Product.name) == text, Product.pinyin == bare, Product.initials == bare)
    tier = case((Product.code == text, 3), (whole, 2), (beginning, 1), else_=0)
    weight = cast(func.ts_rank(Product.tokens, cast(asked, TSQUERY)) * 1_000_000, Integer)
    return tier * 10_000_000 + weight - func.least(func.length(Product.name), 200) * 100


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
        row.code,
        tuple(row.videos),
    )


async def licences(tx: Tx, product_id: int, *, on: date | None = None) -> list[LicenceValue]:
    """Return a product's licences, the newest first; those in force on a day only, when one is given."""
    found = select(Licence).where(Licence.product_id == product_id).order_by(Licence.id.desc())
    if on is not None:
        found = found.where(Licence.withdrawn_at.is_(None), Licence.valid_until >= on)
    return [_licence(row) for row in await tx.all(found)]


async def reasons_not_to_sell(tx: Tx, sku_id: int, *, on: date) -> list[str]:
    """Return what a size still lacks before it may be offered for a day: fields its category requires, a licence in
    force; empty when nothing; refuses NoSuchSku.

    A category may require more than it did when the product was made, so it is asked at each offer.
    """
    size = await sku(tx, sku_id)
    whole = await product(tx, size.product_id)
    of = await category(tx, whole.category_id)
    licensed = bool(await licences(tx, whole.id, on=on)) if Field.LICENCE in of.required_fields else None
    return rules.missing_fields(of.required_fields, vars(whole), [size], licensed=licensed)


def _licence(row: Licence) -> LicenceValue:
    return LicenceValue(
        row.id, row.product_id, row.kind, row.number, row.valid_until, row.picture, row.withdrawn_at is not None
    )

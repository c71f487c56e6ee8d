"""Making products with their sizes, and listing their pictures."""

from __future__ import annotations

from collections.abc import Sequence

from linli.catalog.category.queries import category
from linli.catalog.product import rules, store
from linli.catalog.product.model import NewSkuValue, ProductValue, SkuValue
from linli.catalog.product.queries import NoSuchSku, product, sku
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx


class ProductNameTaken(Conflict):
    """The category has a product of this name."""

    title = "该品类已有同名商品"


class BarcodeTaken(Conflict):
    """A size of another product carries this barcode."""

    title = "条码已被占用"


class RequiredFieldsMissing(BadInput):
    """The category requires fields that are empty; facts: fields."""

    title = "缺少品类要求的信息"


class SizesContradict(BadInput):
    """The sizes of a product repeat a spec or barcode, have a wrong barcode, or weigh more net than gross."""

    title = "规格有误"


class PictureUnknown(BadInput):
    """A picture was not uploaded before."""

    title = "图片尚未上传"


async def add_product(
    tx: Tx,
    *,
    category_id: int,
    name: str,
    skus: Sequence[NewSkuValue],
    other_names: str = "",
    origin: str = "",
    grade: str = "",
    shelf_life_days: int | None = None,
    quality_standard: str = "",
    share_copy: str = "",
    pictures: Sequence[str] = (),
) -> ProductValue:
    """Add a product with its sizes.

    Refuses NoSuchCategory, RequiredFieldsMissing, SizesContradict, PictureUnknown, ProductNameTaken and BarcodeTaken.
    """
    of = await category(tx, category_id)
    written = {"origin": origin, "grade": grade, "shelf_life_days": shelf_life_days}
    missing = rules.missing_fields(of.required_fields, written, skus)
    if missing:
        raise RequiredFieldsMissing(f"{of.name} requires {', '.join(missing)}", fields=missing)
    _check_sizes(skus)
    if pictures and (unknown := set(pictures) - await store.known_pictures(tx, pictures)):
        raise PictureUnknown("upload the picture first", pictures=sorted(unknown))
    product_id = await tx.new_id()
    row = {
        "id": product_id,
        "category_id": category_id,
        "name": name,
        "other_names": other_names,
        **written,
        "quality_standard": quality_standard,
        "share_copy": share_copy,
        "pictures": list(pictures),
        "made_at": tx.now,
    }
    if not await store.add_product(tx, row):
        raise ProductNameTaken(f"{of.name} has a product {name}", name=name)
    await _add_skus(tx, product_id, skus)
    return await product(tx, product_id)


async def add_picture(tx: Tx, *, name: str) -> str:
    """List a stored picture so that products can show it; returns its name."""
    await store.add_picture(tx, {"name": name, "by": tx.by, "made_at": tx.now})
    return name


async def set_sku_active(tx: Tx, *, sku_id: int, active: bool) -> SkuValue:
    """Say whether a size may be offered; what is offered already stays; refuses NoSuchSku."""
    if not await store.set_active(tx, sku_id, active):
        raise NoSuchSku(f"no sku {sku_id}", sku_id=sku_id)
    return await sku(tx, sku_id)


def _check_sizes(skus: Sequence[NewSkuValue]) -> None:
    if not skus:
        raise SizesContradict("a product has at least one size")
    if twice := rules.repeated(one.spec for one in skus):
        raise SizesContradict("a spec stands twice", specs=twice)
    if twice := rules.repeated(one.barcode for one in skus):
        raise SizesContradict("a barcode stands twice", barcodes=twice)
    for one in skus:
        if one.barcode and not rules.barcode_holds(one.barcode):
            raise SizesContradict("the barcode's check digit is wrong", barcode=one.barcode)
        if one.net_g > one.gross_g:
            raise SizesContradict("net weight is more than gross", spec=one.spec, net_g=one.net_g, gross_g=one.gross_g)


async def _add_skus(tx: Tx, product_id: int, skus: Sequence[NewSkuValue]) -> None:
    ids = await tx.new_ids(len(skus))
    rows = [
        {**vars(one), "id": id, "product_id": product_id, "active": True, "made_at": tx.now}
        for id, one in zip(ids, skus, strict=True)
    ]
    added = await store.add_skus(tx, rows)
    taken = [row["barcode"] for row in rows if row["id"] not in added]
    if taken:
        raise BarcodeTaken(f"the barcode {taken[0]} is taken", barcodes=taken)

"""Making and changing products, their sizes and their licences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from linli.catalog.asset.queries import assets
from linli.catalog.category.queries import category
from linli.catalog.product import rules, store
from linli.catalog.product.model import LicenceValue, NewSkuValue, ProductValue, SkuValue
from linli.catalog.product.queries import NoSuchProduct, NoSuchSku, licences, product, sku
from linli.catalog.product.settings import WEIGHING_BAND
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.platform.database import Tx
from linli.platform.settings import value_of
from linli.platform.words import searchable


class ProductNameTaken(Conflict):
    """The category has a product of this name."""

    title = "该品类已有同名商品"


class ProductCodeTaken(Conflict):
    """Another product has this code."""

    title = "商品编码已被占用"


class BarcodeTaken(Conflict):
    """A size of another product carries this barcode."""

    title = "条码已被占用"


class RequiredFieldsMissing(BadInput):
    """The category requires fields that are empty; facts: fields."""

    title = "缺少品类要求的信息"


class SizesContradict(BadInput):
    """The sizes of a product repeat a spec or barcode, have a wrong barcode, weigh more net than gross, or are weighed
    without a plausible estimate; facts: reason."""

    title = "规格有误"


class PictureUnknown(BadInput):
    """A picture was not uploaded before."""

    title = "图片尚未上传"


class VideoUnknown(BadInput):
    """A video was not uploaded before."""

    title = "视频尚未上传"


class LicenceKnown(Conflict):
    """The product has a licence of this kind and number."""

    title = "该资质已登记"


class NoSuchLicence(NotFound):
    """The product has no licence with this id."""

    title = "没有这个资质"


async def add_product(
    tx: Tx,
    *,
    category_id: int,
    name: str,
    skus: Sequence[NewSkuValue],
    code: str = "",
    other_names: str = "",
    origin: str = "",
    grade: str = "",
    shelf_life_days: int | None = None,
    quality_standard: str = "",
    share_copy: str = "",
    pictures: Sequence[str] = (),
    videos: Sequence[str] = (),
) -> ProductValue:
    """Add a product with its sizes.

    Refuses NoSuchCategory, RequiredFieldsMissing, SizesContradict, PictureUnknown, VideoUnknown, ProductNameTaken,
    ProductCodeTaken and BarcodeTaken.
    """
    sizes = await _sizes(tx, skus)
    written = {"origin": origin, "grade": grade, "shelf_life_days": shelf_life_days}
    await _check_required(tx, category_id, written, sizes)
    await _check_assets(tx, pictures, videos)
    if await store.code_taken(tx, code):
        raise ProductCodeTaken(f"there is a product {code}", code=code)
    product_id = await tx.new_id()
    row = {
        "id": product_id,
        "category_id": category_id,
        "code": code,
        "name": name,
        "other_names": other_names,
        **search_columns(name, other_names, code),
        **written,
        "quality_standard": quality_standard,
        "share_copy": share_copy,
        "pictures": list(pictures),
        "videos": list(videos),
        "made_at": tx.now,
    }
    if not await store.add_product(tx, row):
        raise ProductNameTaken(f"the category has a product {name}", name=name)
    await _add_skus(tx, product_id, sizes)
    return await product(tx, product_id)


async def change_product(tx: Tx, *, product_id: int, **fields: Any) -> ProductValue:
    """Change what a product says (the fields of add_product, all but its sizes); offers keep what they copied.

    Refuses NoSuchProduct, NoSuchCategory, RequiredFieldsMissing, PictureUnknown, VideoUnknown, ProductNameTaken and
    ProductCodeTaken.
    """
    if await store.locked(tx, product_id) is None:
        raise NoSuchProduct(f"no product {product_id}", product_id=product_id)
    before = await product(tx, product_id)
    kept = {name: value for name, value in vars(before).items() if name not in ("id", "skus")}
    after = {**kept, **fields}
    await _check_required(tx, after["category_id"], after, (), sides="product")
    await _check_assets(tx, after["pictures"], after["videos"])
    if await store.code_taken(tx, after["code"], but=product_id):
        raise ProductCodeTaken(f"there is a product {after['code']}", code=after["code"])
    if await store.name_taken(tx, after["category_id"], after["name"], but=product_id):
        raise ProductNameTaken(f"the category has a product {after['name']}", name=after["name"])
    after |= {name: list(after[name]) for name in ("pictures", "videos")}
    found = search_columns(after["name"], after["other_names"], after["code"])
    await store.change_product(tx, product_id, {**after, **found})
    return await product(tx, product_id)


async def add_skus(tx: Tx, *, product_id: int, skus: Sequence[NewSkuValue]) -> ProductValue:
    """Add sizes to a product; refuses NoSuchProduct, RequiredFieldsMissing, SizesContradict and BarcodeTaken."""
    if await store.locked(tx, product_id) is None:
        raise NoSuchProduct(f"no product {product_id}", product_id=product_id)
    before = await product(tx, product_id)
    sizes = await _sizes(tx, skus)
    if twice := rules.repeated([*(one.spec for one in before.skus), *(one.spec for one in sizes)]):
        raise SizesContradict("the product has this spec", reason="spec_twice", specs=twice)
    await _check_required(tx, before.category_id, {}, sizes, sides="sizes")
    await _add_skus(tx, product_id, sizes)
    return await product(tx, product_id)


async def change_sku(tx: Tx, *, sku_id: int, size: NewSkuValue) -> SkuValue:
    """Change a size; offers keep what they copied; refuses NoSuchSku, RequiredFieldsMissing, SizesContradict and
    BarcodeTaken."""
    row = await store.locked_sku(tx, sku_id)
    if row is None:
        raise NoSuchSku(f"no sku {sku_id}", sku_id=sku_id)
    [changed] = await _sizes(tx, [size])
    whole = await product(tx, row.product_id)
    await _check_required(tx, whole.category_id, {}, [changed], sides="sizes")
    if await store.spec_taken(tx, row.product_id, changed.spec, but=sku_id):
        raise SizesContradict("the product has this spec", reason="spec_twice", specs=[changed.spec])
    if await store.barcode_taken(tx, changed.barcode, but=sku_id):
        raise BarcodeTaken(f"the barcode {changed.barcode} is taken", barcodes=[changed.barcode])
    await store.change_sku(tx, sku_id, dict(vars(changed)))
    return await sku(tx, sku_id)


async def set_sku_active(tx: Tx, *, sku_id: int, active: bool) -> SkuValue:
    """Say whether a size may be offered; what is offered already stays; refuses NoSuchSku."""
    if not await store.change_sku(tx, sku_id, {"active": active}):
        raise NoSuchSku(f"no sku {sku_id}", sku_id=sku_id)
    return await sku(tx, sku_id)


async def add_licence(
    tx: Tx, *, product_id: int, kind: str, number: str, valid_until: date, picture: str = ""
) -> LicenceValue:
    """Record a licence of a product, valid until the end of a day; refuses NoSuchProduct, PictureUnknown and
    LicenceKnown."""
    await product(tx, product_id)
    await _check_assets(tx, [picture] if picture else [], [])
    made = LicenceValue(await tx.new_id(), product_id, kind, number, valid_until, picture, withdrawn=False)
    row = {name: value for name, value in vars(made).items() if name != "withdrawn"}
    row |= {"by": tx.by, "made_at": tx.now, "withdrawn_at": None, "withdrawn_by": ""}
    if not await store.add_licence(tx, row):
        raise LicenceKnown(f"{kind} {number} is recorded", kind=kind, number=number)
    return made


async def withdraw_licence(tx: Tx, *, product_id: int, licence_id: int) -> LicenceValue:
    """Withdraw a licence that was wrong; refuses NoSuchLicence."""
    await store.withdraw_licence(tx, product_id, licence_id)
    for each in await licences(tx, product_id):
        if each.id == licence_id:
            return each
    raise NoSuchLicence(f"no licence {licence_id}", licence_id=licence_id)


def search_columns(name: str, other_names: str, code: str) -> dict[str, str]:
    """Return the columns by which a product is searched."""
    found = searchable(name, f"{other_names} {code}")
    return {"tokens": found.tokens, "pinyin": found.pinyin, "initials": found.initials}


async def _check_required(
    tx: Tx, category_id: int, written: Any, sizes: Sequence[Any], *, sides: str = "product and sizes"
) -> None:
    """Refuse what the category requires of the side that is written: a category may require more than before, and then
    product and sizes are filled in one after the other."""
    of = await category(tx, category_id)
    asked = [name for name in of.required_fields if ("sizes" if name == "net_g" else "product") in sides]
    if missing := rules.missing_fields(asked, written, sizes):
        raise RequiredFieldsMissing(f"{of.name} requires {', '.join(missing)}", fields=missing)


async def _check_assets(tx: Tx, pictures: Sequence[str], videos: Sequence[str]) -> None:
    known = await assets(tx, [*pictures, *videos]) if pictures or videos else {}
    if unknown := sorted(set(pictures) - known.keys()):
        raise PictureUnknown("upload the picture first", pictures=unknown)
    if unknown := sorted(set(videos) - known.keys()):
        raise VideoUnknown("upload the video first", videos=unknown)


async def _sizes(tx: Tx, skus: Sequence[NewSkuValue]) -> list[NewSkuValue]:
    """Return sizes that can stand, with estimate and band; refuses SizesContradict."""
    if not skus:
        raise SizesContradict("a product has at least one size", reason="none")
    if twice := rules.repeated(one.spec for one in skus):
        raise SizesContradict("a spec stands twice", reason="spec_twice", specs=twice)
    if twice := rules.repeated(one.barcode for one in skus):
        raise SizesContradict("a barcode stands twice", reason="barcode_twice", barcodes=twice)
    band_bp = await value_of(tx, WEIGHING_BAND)
    sizes = [rules.weighed_out(one, band_bp) for one in skus]
    for one in sizes:
        if trouble := rules.size_trouble(one):
            raise SizesContradict(f"{one.spec}: {trouble}", reason=trouble, spec=one.spec, barcode=one.barcode)
    return sizes


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

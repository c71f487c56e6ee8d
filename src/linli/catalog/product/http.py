"""Routes of products: the console makes and finds them, leaders get what they share."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import Field as Limits

from linli.catalog.asset.queries import assets
from linli.catalog.product import commands, queries
from linli.catalog.product.model import NewSkuValue, ProductValue
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, Brief, CallOf, Count, PublicId, Remark, Short, View

console = Audience("console", "product")
leader = Audience("leader", "product")
routers = [console.router, leader.router]

PictureName = Annotated[str, Limits(pattern=r"^[0-9a-f]{32}\.webp$")]
VideoName = Annotated[str, Limits(pattern=r"^[0-9a-f]{32}\.(mp4|webm)$")]
SpecValues = Annotated[dict[Short, Brief], Limits(max_length=10, default_factory=dict)]
Weight = Annotated[int, Limits(ge=0, le=1_000_000, strict=True, description="grams")]


class NewSku(Body):
    """A size of a product; weights in grams, volume in ml; pieces of a box.

    Weighed goods are sold by `estimate_g` and settled by actual weight, believed between `least_g` and `most_g`; what
    is left 0 is worked out.
    """

    spec: Short
    unit: Short = "份"
    gross_g: Annotated[int, Limits(ge=1, le=1_000_000, strict=True, description="grams")]
    net_g: Weight = 0
    volume_ml: Count = 0
    barcode: Annotated[str, Limits(pattern=r"^([0-9]{8}|[0-9]{12,13})?$")] = ""
    pack_size: Annotated[int, Limits(ge=1, le=100_000, strict=True)] = 1
    weighed: bool = False
    estimate_g: Weight = 0
    least_g: Weight = 0
    most_g: Weight = 0
    spec_values: SpecValues

    def size(self) -> NewSkuValue:
        """Return the size as the commands take it."""
        return NewSkuValue(**self.model_dump())


class ProductFields(Body):
    """What a product says."""

    category_id: PublicId
    name: Short
    code: Brief = ""
    other_names: Remark = ""
    origin: Remark = ""
    grade: Remark = ""
    shelf_life_days: Annotated[int, Limits(ge=1, le=3_650, strict=True)] | None = None
    quality_standard: Remark = ""
    share_copy: Remark = ""
    pictures: Annotated[list[PictureName], Limits(max_length=20, default_factory=list)]
    videos: Annotated[list[VideoName], Limits(max_length=5, default_factory=list)]


class NewProduct(ProductFields):
    """A product with its sizes."""

    skus: Annotated[list[NewSku], Limits(min_length=1, max_length=50)]


class NewSkus(Body):
    """Sizes to be added to a product."""

    skus: Annotated[list[NewSku], Limits(min_length=1, max_length=50)]


class NewLicence(Body):
    """A licence of a product, valid until the end of a day."""

    kind: Short
    number: Short
    valid_until: Annotated[date, Limits(ge=date(2020, 1, 1), lt=date(2100, 1, 1))]
    picture: Annotated[str, Limits(pattern=r"^([0-9a-f]{32}\.webp)?$")] = ""


class SkuView(View):
    """A size as the console shows it."""

    id: PublicId
    product_id: PublicId
    product_name: str
    spec: str
    unit: str
    barcode: str
    net_g: int
    gross_g: int
    volume_ml: int
    pack_size: int
    weighed: bool
    estimate_g: int
    least_g: int
    most_g: int
    spec_values: dict[str, str]
    active: bool
    category_id: PublicId
    category_name: str
    storage_class: str
    commission_bp: int


class ProductView(View):
    """A product as the console shows it."""

    id: PublicId
    category_id: PublicId
    code: str
    name: str
    other_names: str
    origin: str
    grade: str
    shelf_life_days: int | None
    quality_standard: str
    share_copy: str
    pictures: tuple[str, ...]
    videos: tuple[str, ...]
    skus: tuple[SkuView, ...]


class ProductPage(View):
    """One page of products."""

    items: list[ProductView]
    next: PublicId | None


class Activity(Body):
    """Whether a size may be offered."""

    active: bool


class LicenceView(View):
    """A licence of a product, with the last day it holds."""

    id: PublicId
    product_id: PublicId
    kind: str
    number: str
    valid_until: date
    picture: str
    withdrawn: bool


class PictureFile(View):
    """A picture to show or download: its name and those of its thumbnails."""

    name: str
    small: str
    medium: str
    width: int
    height: int
    bytes: int


class VideoFile(View):
    """A video to play or download."""

    name: str
    content_type: str
    bytes: int
    milliseconds: int


class SharedAssets(View):
    """What a leader shares of a product: words to paste, files to download from /leader/assets, licences in force."""

    product_id: PublicId
    name: str
    share_copy: str
    quality_standard: str
    pictures: list[PictureFile]
    videos: list[VideoFile]
    licences: list[LicenceView]


@console.post("/products", permission="catalog.manage")
async def add_product(body: NewProduct, call: CallOf) -> ProductView:
    async def work(tx: Tx) -> ProductView:
        given = body.model_dump(exclude={"skus"})
        skus = [one.size() for one in body.skus]
        return ProductView.model_validate(await commands.add_product(tx, **given, skus=skus))

    return await call.write(work, region_id=0)


@console.get("/products", permission="catalog.manage")
async def list_products(
    call: CallOf,
    search: Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")] = "",
    category_id: PublicId | None = None,
    after: PublicId = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ProductPage:
    """List products, or those a search finds (Chinese, pinyin, initials or a barcode), the likeliest first."""
    async with call.reading(0) as tx:
        found: list[ProductValue] = await queries.products(
            tx, search=search.strip(), category_id=category_id, after=after, limit=limit
        )
    items = [ProductView.model_validate(each) for each in found]
    return ProductPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.get("/products/{product_id}", permission="catalog.manage")
async def get_product(product_id: PublicId, call: CallOf) -> ProductView:
    async with call.reading(0) as tx:
        return ProductView.model_validate(await queries.product(tx, product_id))


@console.put("/skus/{sku_id}/activity", permission="catalog.manage")
async def set_activity(sku_id: PublicId, body: Activity, call: CallOf) -> SkuView:
    async def work(tx: Tx) -> SkuView:
        return SkuView.model_validate(await commands.set_sku_active(tx, sku_id=sku_id, active=body.active))

    return await call.write(work, region_id=0)


@console.put("/products/{product_id}", permission="catalog.manage")
async def change_product(product_id: PublicId, body: ProductFields, call: CallOf) -> ProductView:
    async def work(tx: Tx) -> ProductView:
        return ProductView.model_validate(await commands.change_product(tx, product_id=product_id, **body.model_dump()))

    return await call.write(work, region_id=0)


@console.post("/products/{product_id}/skus", permission="catalog.manage")
async def add_skus(product_id: PublicId, body: NewSkus, call: CallOf) -> ProductView:
    async def work(tx: Tx) -> ProductView:
        skus = [one.size() for one in body.skus]
        return ProductView.model_validate(await commands.add_skus(tx, product_id=product_id, skus=skus))

    return await call.write(work, region_id=0)


@console.put("/skus/{sku_id}", permission="catalog.manage")
async def change_sku(sku_id: PublicId, body: NewSku, call: CallOf) -> SkuView:
    async def work(tx: Tx) -> SkuView:
        return SkuView.model_validate(await commands.change_sku(tx, sku_id=sku_id, size=body.size()))

    return await call.write(work, region_id=0)


@console.post("/products/{product_id}/licences", permission="catalog.manage")
async def add_licence(product_id: PublicId, body: NewLicence, call: CallOf) -> LicenceView:
    async def work(tx: Tx) -> LicenceView:
        return LicenceView.model_validate(await commands.add_licence(tx, product_id=product_id, **body.model_dump()))

    return await call.write(work, region_id=0)


@console.get("/products/{product_id}/licences", permission="catalog.manage")
async def list_licences(product_id: PublicId, call: CallOf) -> list[LicenceView]:
    async with call.reading(0) as tx:
        await queries.product(tx, product_id)
        return [LicenceView.model_validate(each) for each in await queries.licences(tx, product_id)]


@console.post("/products/{product_id}/licences/{licence_id}/withdrawal", permission="catalog.manage")
async def withdraw_licence(product_id: PublicId, licence_id: PublicId, call: CallOf) -> LicenceView:
    async def work(tx: Tx) -> LicenceView:
        return LicenceView.model_validate(
            await commands.withdraw_licence(tx, product_id=product_id, licence_id=licence_id)
        )

    return await call.write(work, region_id=0)


@leader.get("/products/{product_id}/assets", permission="station.own")
async def shared_assets(product_id: PublicId, call: CallOf) -> SharedAssets:
    """Return what a leader pastes and downloads to share a product."""
    async with call.reading(0) as tx:
        found = await queries.product(tx, product_id)
        files = await assets(tx, [*found.pictures, *found.videos])
        in_force = await queries.licences(tx, product_id, on=tx.now.date())
    return SharedAssets(
        product_id=found.id,
        name=found.name,
        share_copy=found.share_copy,
        quality_standard=found.quality_standard,
        pictures=[PictureFile.model_validate(files[name]) for name in found.pictures],
        videos=[VideoFile.model_validate(files[name]) for name in found.videos],
        licences=[LicenceView.model_validate(each) for each in in_force],
    )

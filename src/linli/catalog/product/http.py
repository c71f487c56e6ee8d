"""Routes of products: the console makes and finds them; pictures are shown to anybody."""

import asyncio
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field as Limits

from linli.catalog.product import commands, queries
from linli.catalog.product.model import NewSkuValue, ProductValue
from linli.platform.database import Tx
from linli.platform.storage import reencode_picture
from linli.platform.web import Audience, Body, CallOf, Count, PublicId, Remark, Short, View

console = Audience("console", "product")
app = Audience("app", "product")
routers = [console.router, app.router]

PictureName = Annotated[str, Limits(pattern=r"^[0-9a-f]{32}\.webp$")]
Weight = Annotated[int, Limits(ge=0, le=1_000_000, strict=True, description="grams")]


class NewSku(Body):
    """A size of a new product; weights in grams, volume in ml."""

    spec: Short
    unit: Short = "份"
    gross_g: Annotated[int, Limits(ge=1, le=1_000_000, strict=True, description="grams")]
    net_g: Weight = 0
    volume_ml: Count = 0
    barcode: Annotated[str, Limits(pattern=r"^([0-9]{8}|[0-9]{12,13})?$")] = ""
    weighed: bool = False


class NewProduct(Body):
    """A product with its sizes."""

    category_id: PublicId
    name: Short
    skus: Annotated[list[NewSku], Limits(min_length=1, max_length=50)]
    other_names: Remark = ""
    origin: Remark = ""
    grade: Remark = ""
    shelf_life_days: Annotated[int, Limits(ge=1, le=3_650, strict=True)] | None = None
    quality_standard: Remark = ""
    share_copy: Remark = ""
    pictures: Annotated[list[PictureName], Limits(max_length=20, default_factory=list)]


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
    weighed: bool
    active: bool
    category_id: PublicId
    category_name: str
    storage_class: str
    commission_bp: int


class ProductView(View):
    """A product as the console shows it."""

    id: PublicId
    category_id: PublicId
    name: str
    other_names: str
    origin: str
    grade: str
    shelf_life_days: int | None
    quality_standard: str
    share_copy: str
    pictures: tuple[str, ...]
    skus: tuple[SkuView, ...]


class ProductPage(View):
    """One page of products."""

    items: list[ProductView]
    next: PublicId | None


class Activity(Body):
    """Whether a size may be offered."""

    active: bool


class PictureView(View):
    """An uploaded picture: the name under which it is fetched."""

    name: str


@console.post("/products", permission="catalog.manage")
async def add_product(body: NewProduct, call: CallOf) -> ProductView:
    async def work(tx: Tx) -> ProductView:
        given = body.model_dump(exclude={"skus"})
        skus = [NewSkuValue(**one.model_dump()) for one in body.skus]
        return ProductView.model_validate(await commands.add_product(tx, **given, skus=skus))

    return await call.write(work, region_id=0)


@console.get("/products", permission="catalog.manage")
async def list_products(
    call: CallOf,
    search: Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")] = "",
    after: PublicId = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ProductPage:
    async with call.reading(0) as tx:
        found: list[ProductValue] = await queries.products(tx, search=search.strip(), after=after, limit=limit)
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


UPLOAD = {"requestBody": {"required": True, "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}}


@console.post("/pictures", permission="catalog.manage", openapi_extra=UPLOAD)
async def add_picture(call: CallOf) -> PictureView:
    """Upload a picture as raw body (JPEG, PNG or WebP, 10 MiB at most); it is re-encoded without metadata."""
    picture = await asyncio.to_thread(reencode_picture, await call.request.body())
    name = await call.installation.storage.keep(picture, "webp")

    async def work(tx: Tx) -> PictureView:
        return PictureView(name=await commands.add_picture(tx, name=name))

    return await call.write(work, region_id=0)


@app.get(
    "/pictures/{name}", permission=None, public_reason="product pictures are advertisements", response_class=Response
)
async def get_picture(name: PictureName, call: CallOf) -> Response:
    async with call.reading(0) as tx:
        await queries.shown_picture(tx, name)
    forever = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(await call.installation.storage.fetch(name), media_type="image/webp", headers=forever)

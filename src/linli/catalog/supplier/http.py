"""Console routes of suppliers and their terms."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field as Limits

from linli.catalog.supplier import commands, queries
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, Instant, PublicId, Remark, Short, View

console = Audience("console", "supplier")
routers = [console.router]

Pieces = Annotated[int, Limits(ge=1, le=1_000_000, strict=True)]


class NewSupplier(Body):
    """A supplier to be added."""

    name: Short
    contact: Remark = ""
    address: Remark = ""


class SupplierView(View):
    """A supplier as the console shows it."""

    id: PublicId
    name: str
    contact: str
    address: str
    active: bool


class SupplierPage(View):
    """One page of suppliers."""

    items: list[SupplierView]
    next: PublicId | None


class Activity(Body):
    """Whether a supplier gets new offers."""

    active: bool


class NewSupply(Body):
    """Terms of a supplier for a sku: fen a piece, pieces a pack, from an instant on (now by default)."""

    supplier_id: PublicId
    sku_id: PublicId
    price_fen: FenAmount
    pack_size: Pieces = 1
    minimum_packs: Pieces = 1
    capacity_per_day: Pieces | None = None
    valid_from: Instant | None = None
    available: bool = True


class SupplyView(View):
    """Terms as the console shows them."""

    supplier_id: PublicId
    supplier_name: str
    sku_id: PublicId
    price_fen: int
    pack_size: int
    minimum_packs: int
    capacity_per_day: int | None
    valid_from: datetime
    available: bool


@console.post("/suppliers", permission="supplier.manage")
async def add_supplier(body: NewSupplier, call: CallOf) -> SupplierView:
    async def work(tx: Tx) -> SupplierView:
        return SupplierView.model_validate(await commands.add_supplier(tx, **body.model_dump()))

    return await call.write(work, region_id=0)


@console.get("/suppliers", permission="supplier.manage")
async def list_suppliers(
    call: CallOf,
    search: Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")] = "",
    after: PublicId = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SupplierPage:
    async with call.reading(0) as tx:
        found = await queries.all_suppliers(tx, search=search.strip(), after=after, limit=limit)
    items = [SupplierView.model_validate(each) for each in found]
    return SupplierPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.put("/suppliers/{supplier_id}/activity", permission="supplier.manage")
async def set_activity(supplier_id: PublicId, body: Activity, call: CallOf) -> SupplierView:
    async def work(tx: Tx) -> SupplierView:
        changed = await commands.set_supplier_active(tx, supplier_id=supplier_id, active=body.active)
        return SupplierView.model_validate(changed)

    return await call.write(work, region_id=0)


@console.post("/supplies", permission="supplier.manage")
async def add_supply(body: NewSupply, call: CallOf) -> SupplyView:
    async def work(tx: Tx) -> SupplyView:
        return SupplyView.model_validate(await commands.add_supply(tx, **body.model_dump()))

    return await call.write(work, region_id=0)


@console.get("/supplies", permission="supplier.manage")
async def list_supplies(call: CallOf, sku_id: PublicId) -> list[SupplyView]:
    async with call.reading(0) as tx:
        return [SupplyView.model_validate(each) for each in await queries.supplies(tx, [sku_id], tx.now)]

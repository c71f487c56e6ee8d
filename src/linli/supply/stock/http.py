"""Routes of stock: the warehouse notes what it found or lost, the console looks."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Remark, Short, View
from linli.supply.stock import commands, queries
from linli.supply.stock.model import MovementKind

console = Audience("console", "stock")
warehouse = Audience("warehouse", "stock")
routers = [console.router, warehouse.router]


class NewMovement(Body):
    """What a person found, lost or put back, in pieces."""

    sku_id: PublicId
    kind: Literal["found", "loss", "return"]
    pieces: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
    lot: Remark = ""
    note: Short


class StockView(View):
    """Free pieces of a sku."""

    sku_id: PublicId
    on_hand: int


class StockPage(View):
    """One page of stock."""

    items: list[StockView]
    next: PublicId | None


class MovementView(View):
    """One movement."""

    id: PublicId
    kind: str
    sku_id: PublicId
    quantity: int
    cycle_id: PublicId
    lot: str
    note: str
    made_at: datetime
    by: str


class MovementPage(View):
    """One page of movements, newest first."""

    items: list[MovementView]
    next: PublicId | None


@warehouse.post("/stock/movements", permission="receiving.work")
async def note_movement(body: NewMovement, call: CallOf) -> StockView:
    async def work(tx: Tx) -> StockView:
        given = body.model_dump() | {"kind": MovementKind(body.kind)}
        return StockView(sku_id=body.sku_id, on_hand=await commands.note_movement(tx, **given))

    return await call.write(work)


@console.get("/stock", permission="stock.read")
async def list_stock(call: CallOf, after: PublicId = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> StockPage:
    async with call.reading() as tx:
        found = await queries.stock(tx, after=after, limit=limit)
    items = [StockView.model_validate(each) for each in found]
    return StockPage(items=items, next=found[-1].sku_id if len(found) == limit else None)


@console.get("/stock/{sku_id}/movements", permission="stock.read")
async def list_movements(
    sku_id: PublicId, call: CallOf, after: PublicId | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> MovementPage:
    async with call.reading() as tx:
        found = await queries.movements(tx, sku_id, after=after, limit=limit)
    items = [MovementView.model_validate(each) for each in found]
    return MovementPage(items=items, next=found[-1].id if len(found) == limit else None)

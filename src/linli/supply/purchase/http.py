"""Routes of purchase orders: buyers see and send them, suppliers see and confirm their own."""

import asyncio
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query, Response

from linli.platform import papers
from linli.platform.database import Tx
from linli.platform.web import Audience, CallOf, PublicId, View
from linli.supply.purchase import commands, queries

console = Audience("console", "purchase")
supplier = Audience("supplier", "purchase")
routers = [console.router, supplier.router]

Limit = Annotated[int, Query(ge=1, le=200)]
MEDIA = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class PurchaseLineView(View):
    """One sku of a purchase order: pieces and fen."""

    sku_id: PublicId
    name: str
    spec: str
    unit: str
    barcode: str
    storage_class: str
    packs: int
    pack_size: int
    quantity: int
    price_fen: int
    amount_fen: int
    accepted: int
    short: int
    rejected: int
    over: int


class PurchaseOrderView(View):
    """A purchase order."""

    id: PublicId
    cycle_id: PublicId
    supplier_id: PublicId
    supplier_name: str
    number: str
    version: int
    state: str
    delivery_date: date
    deliver_by: datetime
    total_fen: int
    made_at: datetime
    sent_at: datetime | None
    confirmed_at: datetime | None
    received_at: datetime | None
    lines: list[PurchaseLineView]


class PurchaseOrderPage(View):
    """One page of purchase orders."""

    items: list[PurchaseOrderView]
    next: PublicId | None


class DifferenceView(View):
    """A sku whose books do not add up."""

    sku_id: PublicId
    what: str
    expected: int
    found: int


class BalanceView(View):
    """Whether the buying of a cycle adds up per sku: ordered = demand − stock used + rounding."""

    whole: bool
    differences: list[DifferenceView]


@console.get("/purchase-orders", permission="purchase.manage")
async def list_purchase_orders(
    call: CallOf, cycle_id: PublicId | None = None, after: PublicId | None = None, limit: Limit = 50
) -> PurchaseOrderPage:
    async with call.reading() as tx:
        found = await queries.purchase_orders(tx, cycle_id=cycle_id, after=after, limit=limit)
    items = [PurchaseOrderView.model_validate(each) for each in found]
    return PurchaseOrderPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.get("/purchase-orders/{po_id}", permission="purchase.manage")
async def see_purchase_order(po_id: PublicId, call: CallOf) -> PurchaseOrderView:
    async with call.reading() as tx:
        return PurchaseOrderView.model_validate(await queries.purchase_order(tx, po_id))


@console.get("/purchase-orders/{po_id}/paper.{form}", permission="papers.read")
async def print_purchase_order(po_id: PublicId, form: Literal["pdf", "xlsx"], call: CallOf) -> Response:
    async with call.reading() as tx:
        paper = await queries.purchase_paper(tx, po_id)
    return await _printed(paper, form)


@console.post("/purchase-orders/{po_id}/sending", permission="purchase.manage")
async def send_purchase_order(po_id: PublicId, call: CallOf) -> PurchaseOrderView:
    async def work(tx: Tx) -> PurchaseOrderView:
        return PurchaseOrderView.model_validate(await commands.send_again(tx, po_id=po_id))

    return await call.write(work)


@console.get("/cycles/{cycle_id}/purchase-balance", permission="purchase.manage")
async def see_balance(cycle_id: PublicId, call: CallOf) -> BalanceView:
    async with call.reading() as tx:
        found = await queries.balance_of_cycle(tx, cycle_id)
    return BalanceView(whole=not found, differences=[DifferenceView.model_validate(each) for each in found])


@supplier.get("/purchase-orders", permission="po.own")
async def list_own(call: CallOf, after: PublicId | None = None, limit: Limit = 50) -> PurchaseOrderPage:
    async with call.reading() as tx:
        found = await queries.purchase_orders(tx, supplier_id=call.who.person_id, after=after, limit=limit)
    items = [PurchaseOrderView.model_validate(each) for each in found]
    return PurchaseOrderPage(items=items, next=found[-1].id if len(found) == limit else None)


@supplier.get("/purchase-orders/{po_id}", permission="po.own")
async def see_own(po_id: PublicId, call: CallOf) -> PurchaseOrderView:
    async with call.reading() as tx:
        return PurchaseOrderView.model_validate(await queries.purchase_order(tx, po_id, supplier_id=call.who.person_id))


@supplier.get("/purchase-orders/{po_id}/paper.{form}", permission="po.own")
async def print_own(po_id: PublicId, form: Literal["pdf", "xlsx"], call: CallOf) -> Response:
    async with call.reading() as tx:
        await queries.purchase_order(tx, po_id, supplier_id=call.who.person_id)
        paper = await queries.purchase_paper(tx, po_id)
    return await _printed(paper, form)


@supplier.post("/purchase-orders/{po_id}/confirmation", permission="po.own")
async def confirm_own(po_id: PublicId, call: CallOf) -> PurchaseOrderView:
    async def work(tx: Tx) -> PurchaseOrderView:
        done = await commands.confirm_purchase_order(tx, po_id=po_id, supplier_id=call.who.person_id)
        return PurchaseOrderView.model_validate(done)

    return await call.write(work)


async def _printed(paper: papers.PurchaseOrder, form: str) -> Response:
    if form == "pdf":
        content = await asyncio.to_thread(papers.pdf, "purchase_order", paper)
    else:
        content = await asyncio.to_thread(queries.purchase_workbook, paper)
    name = f"{paper.number}-v{paper.version}.{form}"
    return Response(content, media_type=MEDIA[form], headers={"Content-Disposition": f'inline; filename="{name}"'})

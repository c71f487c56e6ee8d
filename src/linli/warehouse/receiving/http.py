"""Routes of receiving: the warehouse sees what is to arrive, signs for it and finishes; the console reads receipts."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from linli import supply
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, Count, PublicId, Remark, Short, View
from linli.warehouse.receiving import commands, queries
from linli.warehouse.receiving.model import Arrival

warehouse = Audience("warehouse", "receiving")
console = Audience("console", "receiving")
routers = [warehouse.router, console.router]


class ArrivalBody(Body):
    """What arrived of one sku (and lot): pieces; the temperature in tenths of a degree, needed for cold goods."""

    sku_id: PublicId
    accepted: Count = 0
    short: Count = 0
    rejected: Count = 0
    over: bool = False
    reason: Remark = ""
    lot: Annotated[Remark, Field(max_length=80)] = ""
    produced_on: date | None = None
    expires_on: date | None = None
    temperature_tenths: Annotated[int, Field(ge=-1000, le=1000, strict=True)] | None = None


class NewReceipt(Body):
    """A receipt to be signed for a purchase order."""

    po_id: PublicId
    lines: Annotated[list[ArrivalBody], Field(min_length=1, max_length=500)]
    signed_by: Short
    note: Remark = ""


class Correction(Body):
    """What a receipt should have said of some skus and lots."""

    lines: Annotated[list[ArrivalBody], Field(min_length=1, max_length=500)]
    signed_by: Short
    note: Short


class ArrivingLine(View):
    """One sku that is to arrive, and how many pieces of it are open."""

    sku_id: PublicId
    name: str
    spec: str
    unit: str
    barcode: str
    storage_class: str
    packs: int
    pack_size: int
    quantity: int
    accepted: int
    short: int
    rejected: int
    over: int


class ArrivingOrder(View):
    """A purchase order as the warehouse sees it: no prices."""

    id: PublicId
    number: str
    supplier_name: str
    state: str
    deliver_by: datetime
    lines: list[ArrivingLine]


class Arrivals(View):
    """What is to arrive for a cycle."""

    cycle_id: PublicId
    finished: bool
    orders: list[ArrivingOrder]


class ReceiptSigned(View):
    """The answer to a receipt: its id and what the purchase order stands at."""

    receipt_id: PublicId
    finished: bool
    order: ArrivingOrder


class Finished(View):
    """That the receiving of a cycle is over."""

    cycle_id: PublicId
    finished: bool


class ReceiptLineView(View):
    """One line of a receipt; negative in corrections."""

    sku_id: PublicId
    accepted: int
    short: int
    rejected: int
    over: int
    reason: str
    lot: str
    produced_on: date | None
    expires_on: date | None
    temperature_tenths: int | None
    alarm: bool


class ReceiptView(View):
    """A signed receipt."""

    id: PublicId
    po_id: PublicId
    corrects: PublicId | None
    signed_by: str
    note: str
    digest: str
    received_at: datetime
    by: str
    lines: list[ReceiptLineView]


@warehouse.get("/cycles/{cycle_id}/arrivals", permission="receiving.work")
async def list_arrivals(cycle_id: PublicId, call: CallOf) -> Arrivals:
    async with call.reading() as tx:
        found = await supply.purchase_orders(tx, cycle_id=cycle_id)
        finished = await queries.receiving_is_finished(tx, cycle_id)
    orders = [ArrivingOrder.model_validate(each) for each in found]
    return Arrivals(cycle_id=cycle_id, finished=finished, orders=orders)


@warehouse.post("/receipts", permission="receiving.work")
async def sign_receipt(body: NewReceipt, call: CallOf) -> ReceiptSigned:
    async def work(tx: Tx) -> ReceiptSigned:
        receipt_id = await commands.receive(
            tx, po_id=body.po_id, arrivals=_arrivals(body.lines), signed_by=body.signed_by, note=body.note
        )
        return await _signed(tx, receipt_id, body.po_id)

    return await call.write(work)


@warehouse.post("/receipts/{receipt_id}/correction", permission="receiving.work")
async def correct_receipt(receipt_id: PublicId, body: Correction, call: CallOf) -> ReceiptView:
    async def work(tx: Tx) -> ReceiptView:
        correction_id = await commands.correct_receipt(
            tx, receipt_id=receipt_id, arrivals=_arrivals(body.lines), signed_by=body.signed_by, note=body.note
        )
        return ReceiptView.model_validate(await queries.receipt(tx, correction_id))

    return await call.write(work)


@warehouse.post("/cycles/{cycle_id}/receiving-finish", permission="receiving.work")
async def finish_receiving(cycle_id: PublicId, call: CallOf) -> Finished:
    async def work(tx: Tx) -> Finished:
        await commands.finish_receiving(tx, cycle_id=cycle_id)
        return Finished(cycle_id=cycle_id, finished=True)

    return await call.write(work)


@console.get("/purchase-orders/{po_id}/receipts", permission="receiving.read")
async def list_receipts(po_id: PublicId, call: CallOf) -> list[ReceiptView]:
    async with call.reading() as tx:
        await supply.purchase_order(tx, po_id)
        return [ReceiptView.model_validate(each) for each in await queries.receipts(tx, po_id=po_id)]


def _arrivals(lines: list[ArrivalBody]) -> list[Arrival]:
    return [Arrival(**line.model_dump()) for line in lines]


async def _signed(tx: Tx, receipt_id: int, po_id: int) -> ReceiptSigned:
    order = await supply.purchase_order(tx, po_id)
    finished = await queries.receiving_is_finished(tx, order.cycle_id)
    return ReceiptSigned(receipt_id=receipt_id, finished=finished, order=ArrivingOrder.model_validate(order))

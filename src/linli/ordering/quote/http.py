"""Route of the price: what a basket would cost now."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from linli.ordering.quote.model import MOST_LINES
from linli.ordering.quote.queries import open_cycle, quote
from linli.platform.web import Audience, Body, CallOf, PublicId, Quantity, View

app = Audience("app", "quote")
routers = [app.router]


class WantedLine(Body):
    """Pieces of an offer; the same offer twice is added up."""

    offer_id: PublicId
    quantity: Quantity


class Basket(Body):
    """What a member would like to order in a cycle."""

    cycle_id: PublicId
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=MOST_LINES)]


class QuotedLine(View):
    """One priced line in fen; `left` is how many pieces are still to be had (null: no limit)."""

    offer_id: PublicId
    name: str
    spec: str
    unit: str
    quantity: int
    unit_price_fen: int
    goods_fen: int
    payable_fen: int
    left: int | None


class QuoteView(View):
    """The price of a basket in fen; an order that expects `payable_fen` is accepted while the price stays."""

    cycle_id: PublicId
    lines: list[QuotedLine]
    goods_fen: int
    fee_fen: int
    payable_fen: int
    cut_off_at: datetime
    promised_from: datetime


@app.post("/quotes", permission="shop.browse")
async def quote_basket(body: Basket, call: CallOf) -> QuoteView:
    async with call.reading() as tx:
        found, offers = await quote(
            tx, cycle_id=body.cycle_id, lines=[(line.offer_id, line.quantity) for line in body.lines]
        )
        cycle = await open_cycle(tx, body.cycle_id)
    lines = [
        QuotedLine(
            offer_id=line.offer_id, name=offers[line.offer_id].product_name, spec=offers[line.offer_id].spec,
            unit=offers[line.offer_id].unit, quantity=line.quantity, unit_price_fen=line.unit_price_fen,
            goods_fen=line.goods_fen, payable_fen=line.payable_fen, left=offers[line.offer_id].left,
        )
        for line in found.lines
    ]  # fmt: skip
    return QuoteView(
        cycle_id=body.cycle_id, lines=lines, goods_fen=found.goods_fen, fee_fen=found.fee_fen,
        payable_fen=found.payable_fen, cut_off_at=cycle.cut_off_at, promised_from=cycle.promised_from,
    )  # fmt: skip

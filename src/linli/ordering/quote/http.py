"""Routes of the price: what a basket would cost now, and what several over different cycles come to."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from linli import sale
from linli.kernel.refusals import Refusal
from linli.ordering.quote.queries import quote
from linli.ordering.quote.rules import MOST_LINES, check_coupons, naming
from linli.platform.database import Tx
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
    using: Annotated[dict[str, Any], Field(max_length=8, default_factory=dict, description="chosen promotions by name")]


class QuotedLine(View):
    """One priced line in fen; `left` is how many pieces are still to be had (null: no limit)."""

    offer_id: PublicId
    name: str
    spec: str
    unit: str
    quantity: int
    unit_price_fen: int
    goods_fen: int
    discounts: list[tuple[str, int]]
    payable_fen: int
    left: int | None


class QuotedStep(View):
    """What one promotion takes off the basket, in fen (negative; positive for a fee), in the order of the rules."""

    source: str
    label: str
    amount_fen: int


class Unused(View):
    """A promotion that does not count for this basket, and why."""

    source: str
    reason: str


class QuoteView(View):
    """The price of a basket in fen; an order that expects `payable_fen` is accepted while the price stays."""

    cycle_id: PublicId
    lines: list[QuotedLine]
    goods_fen: int
    steps: list[QuotedStep]
    unused: list[Unused]
    points: int
    fee_fen: int
    payable_fen: int
    cut_off_at: datetime
    promised_from: datetime


class Baskets(Body):
    """What a member would like to order in several cycles, and pay at once."""

    orders: Annotated[list[Basket], Field(min_length=1, max_length=20)]


class BasketsView(View):
    """The price of each order of a basket and of all together, in fen."""

    orders: list[QuoteView]
    payable_fen: int


@app.post("/quotes", permission="shop.browse")
async def quote_basket(body: Basket, call: CallOf) -> QuoteView:
    async with call.reading() as tx:
        return await _quoted(tx, body, call.who.person_id)


@app.post("/baskets/quote", permission="shop.browse")
async def quote_baskets(body: Baskets, call: CallOf) -> BasketsView:
    """Price several orders; each is priced for itself, as it will be placed; a refusal names its `order`, from 0."""
    check_coupons([one.using for one in body.orders])
    orders = []
    async with call.reading() as tx:
        for at, one in enumerate(body.orders):
            try:
                orders.append(await _quoted(tx, one, call.who.person_id))
            except Refusal as refusal:
                raise naming(refusal, at, one.cycle_id) from refusal
    return BasketsView(orders=orders, payable_fen=sum(one.payable_fen for one in orders))


async def _quoted(tx: Tx, body: Basket, member_id: int) -> QuoteView:
    found, offers = await quote(
        tx, cycle_id=body.cycle_id, member_id=member_id, using=body.using,
        lines=[(line.offer_id, line.quantity) for line in body.lines],
    )  # fmt: skip
    cycle = await sale.cycle(tx, body.cycle_id)
    lines = [
        QuotedLine(
            offer_id=line.offer_id, name=offers[line.offer_id].product_name, spec=offers[line.offer_id].spec,
            unit=offers[line.offer_id].unit, quantity=line.quantity, unit_price_fen=line.unit_price_fen,
            goods_fen=line.goods_fen, discounts=list(line.discounts), payable_fen=line.payable_fen,
            left=offers[line.offer_id].left,
        )
        for line in found.lines
    ]  # fmt: skip
    return QuoteView(
        cycle_id=body.cycle_id, lines=lines, goods_fen=found.goods_fen,
        steps=[QuotedStep.model_validate(step) for step in found.steps],
        unused=[Unused(source=source, reason=reason) for source, reason in found.unused], points=found.points,
        fee_fen=found.fee_fen, payable_fen=found.payable_fen, cut_off_at=cycle.cut_off_at,
        promised_from=cycle.promised_from,
    )  # fmt: skip

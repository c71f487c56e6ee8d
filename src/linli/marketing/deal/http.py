"""Routes of bundles: the console makes and stops them and reads their figures, members see what runs."""

from datetime import datetime
from typing import Annotated

from pydantic import Field as Limits

from linli import sale
from linli.marketing.deal import commands, queries
from linli.marketing.deal.model import BundleFigures, BundleValue
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, Instant, PublicId, Quantity, Short, View

console = Audience("console", "deal")
app = Audience("app", "deal")
routers = [console.router, app.router]


class NewPart(Body):
    """So many pieces of an offer."""

    offer_id: PublicId
    quantity: Quantity


class NewBundle(Body):
    """Offers that are sold together for less; `most` times in an order (0: any), taking off `budget_fen` at most."""

    title: Short
    price_fen: FenAmount
    parts: Annotated[list[NewPart], Limits(min_length=2, max_length=10)]
    most: Annotated[int, Limits(ge=0, le=999, strict=True)] = 0
    budget_fen: FenAmount | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None


class PartView(View):
    """One offer of a bundle."""

    offer_id: PublicId
    name: str
    spec: str
    quantity: int
    price_fen: int


class BundleCard(View):
    """A bundle as members see it: `saved_fen` is what it takes off its parts' prices."""

    id: PublicId
    cycle_id: PublicId
    title: str
    price_fen: int
    saved_fen: int
    most: int
    starts_at: datetime
    ends_at: datetime
    parts: list[PartView]


class BundleView(BundleCard):
    """A bundle as the console shows it, with what it took off orders that stand."""

    budget_fen: int | None
    taken_fen: int
    orders: int
    times: int
    stopped_at: datetime | None


class BundleCards(View):
    """What can be bought together now."""

    items: list[BundleCard]


class BundleList(View):
    """All bundles of a cycle."""

    items: list[BundleView]


@console.post("/cycles/{cycle_id}/bundles", permission="offer.manage")
async def bundle_offers(cycle_id: PublicId, body: NewBundle, call: CallOf) -> BundleView:
    given = body.model_dump(exclude={"parts"})
    parts = tuple((part.offer_id, part.quantity) for part in body.parts)

    async def work(tx: Tx) -> BundleView:
        made = await commands.bundle_offers(tx, cycle_id=cycle_id, parts=parts, **given)
        return (await _views(tx, [made]))[0]

    return await call.write(work)


@console.post("/bundles/{bundle_id}/stopping", permission="offer.manage")
async def stop_bundle(bundle_id: PublicId, call: CallOf) -> BundleView:
    async def work(tx: Tx) -> BundleView:
        return (await _views(tx, [await commands.stop_bundle(tx, bundle_id=bundle_id)]))[0]

    return await call.write(work)


@console.get("/cycles/{cycle_id}/bundles", permission="papers.read")
async def console_bundles(cycle_id: PublicId, call: CallOf) -> BundleList:
    async with call.reading() as tx:
        return BundleList(items=await _views(tx, await queries.bundles_of(tx, cycle_id)))


@app.get("/cycles/{cycle_id}/bundles", permission="shop.browse")
async def members_bundles(cycle_id: PublicId, call: CallOf) -> BundleCards:
    async with call.reading() as tx:
        await sale.cycle(tx, cycle_id)
        found = await queries.bundles_of(tx, cycle_id)
        running = [each for each in found if each.stopped_at is None and each.starts_at <= tx.now < each.ends_at]
        views = await _views(tx, running)
    return BundleCards(items=[BundleCard.model_validate(view) for view in views])


async def _views(tx: Tx, found: list[BundleValue]) -> list[BundleView]:
    offers = await sale.offers(tx, ids={offer_id for each in found for offer_id, _ in each.parts})
    figures = await queries.figures(tx, [each.id for each in found])
    return [_view(each, offers, figures.get(each.id, BundleFigures())) for each in found]


def _view(bundle: BundleValue, offers: dict[int, sale.OfferValue], figures: BundleFigures) -> BundleView:
    parts = [
        PartView(
            offer_id=id, name=offers[id].product_name, spec=offers[id].spec, quantity=pieces,
            price_fen=offers[id].price_fen,
        )
        for id, pieces in bundle.parts
    ]  # fmt: skip
    whole = sum(part.price_fen * part.quantity for part in parts)
    return BundleView(
        **{**bundle._asdict(), "parts": parts, "taken_fen": figures.taken_fen},
        saved_fen=max(0, whole - bundle.price_fen), orders=figures.orders, times=figures.times,
    )  # fmt: skip

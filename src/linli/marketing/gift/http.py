"""Routes of gifts: operators begin and stop campaigns, members see what there is to earn."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from linli.marketing.gift import commands, queries
from linli.marketing.gift.model import GiftFigures
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, Instant, PublicId, Short, View

console = Audience("console", "gift")
app = Audience("app", "gift")
routers = [console.router, app.router]

PageSize = Annotated[int, Query(ge=1, le=200)]


class NewGift(Body):
    """A gift campaign: one piece of a gift offer (of any, when none is named) free from an amount of other goods on."""

    title: Short
    threshold_fen: FenAmount = 3_000
    newcomers_only: bool = True
    offer_ids: Annotated[list[PublicId], Field(max_length=200)] = Field(default_factory=list)
    starts_at: Instant
    ends_at: Instant


class EarnableGift(View):
    """A gift as members see it; `had` when this member took it before."""

    id: PublicId
    title: str
    threshold_fen: int
    newcomers_only: bool
    offer_ids: list[PublicId]
    starts_at: datetime
    ends_at: datetime
    had: bool


class GiftView(View):
    """A gift campaign as operators see it, with how often it was given and what that was worth in fen."""

    id: PublicId
    title: str
    threshold_fen: int
    newcomers_only: bool
    offer_ids: list[PublicId]
    starts_at: datetime
    ends_at: datetime
    stopped_at: datetime | None
    made_at: datetime
    by: str
    given: int
    worth_fen: int


class GiftPage(View):
    """One page of gift campaigns."""

    items: list[GiftView]
    next: PublicId | None


@console.post("/gifts", permission="offer.manage")
async def begin_gift(body: NewGift, call: CallOf) -> GiftView:
    async def work(tx: Tx) -> GiftView:
        return await _gift(tx, await commands.begin_gift(tx, **body.model_dump()))

    return await call.write(work)


@console.get("/gifts", permission="offer.manage")
async def list_gifts(call: CallOf, after: PublicId = 0, limit: PageSize = 50) -> GiftPage:
    async with call.reading() as tx:
        found = await queries.gifts(tx, after=after, limit=limit)
        figures = await queries.figures(tx, [row.id for row in found])
    items = [_view(row, figures.get(row.id, GiftFigures())) for row in found]
    return GiftPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.post("/gifts/{gift_id}/stop", permission="offer.manage")
async def stop_gift(gift_id: PublicId, call: CallOf) -> GiftView:
    async def work(tx: Tx) -> GiftView:
        return await _gift(tx, (await commands.stop_gift(tx, gift_id=gift_id)).id)

    return await call.write(work)


@app.get("/gifts", permission="shop.browse")
async def list_earnable(call: CallOf) -> list[EarnableGift]:
    async with call.reading() as tx:
        found = await queries.gifts_for(tx, call.who.person_id)
    names = EarnableGift.model_fields.keys() - {"had"}
    return [EarnableGift(**{name: getattr(each, name) for name in names}, had=had) for each, had in found]


async def _gift(tx: Tx, gift_id: int) -> GiftView:
    figures = await queries.figures(tx, [gift_id])
    return _view(await queries.gift(tx, gift_id), figures.get(gift_id, GiftFigures()))


def _view(row: Any, figures: GiftFigures) -> GiftView:
    names = GiftView.model_fields.keys() - {"given", "worth_fen"}
    return GiftView(
        **{name: getattr(row, name) for name in names}, given=figures.given, worth_fen=figures.worth_fen
    )  # fmt: skip

"""Console routes of selection: prices seen elsewhere and scores of candidates."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field as Limits

from linli.catalog.selection import commands, queries
from linli.catalog.selection.model import Trait, Verdict
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, Count, Instant, PublicId, Short, View

console = Audience("console", "selection")
routers = [console.router]

Price = Annotated[int, Limits(ge=1, le=10**11, strict=True, description="fen (CNY 0.01)")]
PageSize = Annotated[int, Query(ge=1, le=200)]


class NewReferencePrice(Body):
    """What a sku costs elsewhere; the evidence is an uploaded picture's name or an address."""

    sku_id: PublicId
    price_fen: Price
    source: Short
    evidence: Short
    seen_at: Instant | None = None


class ReferencePriceView(View):
    """A price seen elsewhere."""

    id: PublicId
    sku_id: PublicId
    price_fen: int
    source: str
    evidence: str
    seen_at: datetime


class ReferencePricePage(View):
    """One page of prices seen elsewhere."""

    items: list[ReferencePriceView]
    next: PublicId | None


class NewSelection(Body):
    """A candidate to be scored at a price: an inspector's mark, complaints in basis points, pieces wanted a day."""

    sku_id: PublicId
    price_fen: Price
    quality_mark: Annotated[int, Limits(ge=0, le=100, strict=True)]
    wanted_per_day: Count
    complaints_bp: Annotated[int, Limits(ge=0, le=10_000, strict=True, description="basis points")] = 0
    traits: Annotated[list[Trait], Limits(max_length=len(Trait), default_factory=list)]


class ScoreView(View):
    """How well a candidate fits: marks from 0 to 100, the advantage in basis points of the reference price."""

    total: int
    price: int
    quality: int
    supply: int
    reference_fen: int | None
    advantage_bp: int | None
    excluded: list[Trait]
    doubts: list[str]
    verdict: Verdict


class SelectionView(View):
    """A score as it was given."""

    id: PublicId
    sku_id: PublicId
    price_fen: int
    made_at: datetime
    by: str
    score: ScoreView


class SelectionPage(View):
    """One page of scores."""

    items: list[SelectionView]
    next: PublicId | None


@console.post("/reference-prices", permission="catalog.manage")
async def add_reference_price(body: NewReferencePrice, call: CallOf) -> ReferencePriceView:
    async def work(tx: Tx) -> ReferencePriceView:
        return ReferencePriceView.model_validate(await commands.add_reference_price(tx, **body.model_dump()))

    return await call.write(work, region_id=0)


@console.get("/reference-prices", permission="catalog.manage")
async def list_reference_prices(
    sku_id: PublicId, call: CallOf, after: PublicId = 0, limit: PageSize = 50
) -> ReferencePricePage:
    async with call.reading(0) as tx:
        found = await queries.reference_prices(tx, sku_id, after=after, limit=limit)
    items = [ReferencePriceView.model_validate(each) for each in found]
    return ReferencePricePage(items=items, next=found[-1].id if len(found) == limit else None)


@console.post("/selections", permission="catalog.manage")
async def select_candidate(body: NewSelection, call: CallOf) -> SelectionView:
    async def work(tx: Tx) -> SelectionView:
        return SelectionView.model_validate(await commands.select_candidate(tx, **body.model_dump()))

    return await call.write(work, region_id=0)


@console.get("/selections", permission="catalog.manage")
async def list_selections(sku_id: PublicId, call: CallOf, after: PublicId = 0, limit: PageSize = 50) -> SelectionPage:
    async with call.reading(0) as tx:
        found = await queries.selections(tx, sku_id, after=after, limit=limit)
    items = [SelectionView.model_validate(each) for each in found]
    return SelectionPage(items=items, next=found[-1].id if len(found) == limit else None)

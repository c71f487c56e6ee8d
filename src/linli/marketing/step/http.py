"""Routes of campaigns: operators begin and stop them, members read the published rules."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from linli.marketing.step import commands, queries
from linli.marketing.step.model import CampaignFigures, Kind
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, Instant, PublicId, Short, View

console = Audience("console", "campaign")
app = Audience("app", "campaign")
routers = [console.router, app.router]

PageSize = Annotated[int, Query(ge=1, le=200)]
BasisPoints = Annotated[int, Field(ge=0, le=10_000, strict=True, description="basis points off")]
Ids = Annotated[list[PublicId], Field(max_length=200)]
Segment = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z_]+$")]


class RungView(Body):
    """From so many fen (or pieces) on: fen off, or basis points off."""

    reached: Annotated[int, Field(ge=1, le=10**9, strict=True)]
    off_fen: FenAmount = 0
    off_bp: BasisPoints = 0


class NewCampaign(Body):
    """A campaign: rungs of an amount (满减) or of pieces (满量), or `tiers`: basis points off by segment (会员折扣).

    Empty scopes hold for all goods; a null budget means unlimited; times with their zone.
    """

    kind: Kind
    title: Short
    rungs: Annotated[list[RungView], Field(max_length=20)] = Field(default_factory=list)
    every: bool = False
    tiers: Annotated[dict[Segment, BasisPoints], Field(max_length=20)] = Field(default_factory=dict)
    category_ids: Ids = Field(default_factory=list)
    offer_ids: Ids = Field(default_factory=list)
    starts_at: Instant
    ends_at: Instant
    budget_fen: FenAmount | None = None


class PublishedCampaign(View):
    """A campaign's published rules."""

    id: PublicId
    kind: Kind
    title: str
    rungs: list[RungView]
    every: bool
    tiers: dict[str, int]
    category_ids: list[PublicId]
    offer_ids: list[PublicId]
    starts_at: datetime
    ends_at: datetime


class FiguresView(View):
    """What a campaign took off orders that stand, in fen, and how many orders and members that were."""

    orders: int
    members: int
    taken_fen: int


class CampaignView(PublishedCampaign):
    """A campaign as operators see it."""

    budget_fen: int | None
    stopped_at: datetime | None
    made_at: datetime
    by: str
    figures: FiguresView


class CampaignPage(View):
    """One page of campaigns."""

    items: list[CampaignView]
    next: PublicId | None


@console.post("/campaigns", permission="offer.manage")
async def begin_campaign(body: NewCampaign, call: CallOf) -> CampaignView:
    given = body.model_dump() | {"rungs": [[rung.reached, rung.off_fen, rung.off_bp] for rung in body.rungs]}

    async def work(tx: Tx) -> CampaignView:
        return await _campaign(tx, await commands.begin_campaign(tx, **given))

    return await call.write(work)


@console.get("/campaigns", permission="offer.manage")
async def list_campaigns(call: CallOf, after: PublicId = 0, limit: PageSize = 50) -> CampaignPage:
    async with call.reading() as tx:
        found = await queries.campaigns(tx, after=after, limit=limit)
        figures = await queries.figures(tx, [row.id for row in found])
    items = [_view(row, figures.get(row.id, CampaignFigures())) for row in found]
    return CampaignPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.post("/campaigns/{campaign_id}/stop", permission="offer.manage")
async def stop_campaign(campaign_id: PublicId, call: CallOf) -> CampaignView:
    async def work(tx: Tx) -> CampaignView:
        return await _campaign(tx, (await commands.stop_campaign(tx, campaign_id=campaign_id)).id)

    return await call.write(work)


@app.get("/campaigns", permission="shop.browse")
async def list_published(call: CallOf) -> list[PublishedCampaign]:
    async with call.reading() as tx:
        return [PublishedCampaign(**_published(each)) for each in await queries.published(tx)]


async def _campaign(tx: Tx, campaign_id: int) -> CampaignView:
    figures = await queries.figures(tx, [campaign_id])
    return _view(await queries.campaign(tx, campaign_id), figures.get(campaign_id, CampaignFigures()))


def _published(row: Any) -> dict[str, Any]:
    names = PublishedCampaign.model_fields.keys() - {"rungs"}
    rungs = [dict(zip(("reached", "off_fen", "off_bp"), rung, strict=True)) for rung in row.rungs]
    return {name: getattr(row, name) for name in names} | {"rungs": rungs}


def _view(row: Any, figures: CampaignFigures) -> CampaignView:
    more = {name: getattr(row, name) for name in ("budget_fen", "stopped_at", "made_at", "by")}
    return CampaignView(**_published(row), **more, figures=FiguresView.model_validate(figures))

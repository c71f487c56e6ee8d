"""Routes of offers: the console lists them, members and leaders see them without what they cost."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field as Limits
from pydantic import model_validator

from linli.people import leader as leader_of
from linli.people import member, station, stations_of_leader
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, Instant, PublicId, Quantity, Remark, Short, View
from linli.sale.cycle.model import CycleState, CycleValue
from linli.sale.cycle.queries import NoSuchCycle, cycle
from linli.sale.cycle.rules import covers
from linli.sale.offer import commands, queries, rules
from linli.sale.offer.model import Flag, OfferKind, OfferValue, SellerLevel, ShortageRule

console = Audience("console", "offer")
app = Audience("app", "offer")
leader = Audience("leader", "offer")
routers = [console.router, app.router, leader.router]

Stock = Annotated[int, Limits(ge=0, le=10_000_000, strict=True, description="pieces")]
BasisPoints = Annotated[int, Limits(ge=0, le=5_000, strict=True, description="basis points")]


class NewOffer(Body):
    """Terms under which a cycle sells a sku; null limits mean unlimited."""

    sku_id: PublicId
    price_fen: FenAmount
    reference_price_fen: FenAmount | None = None
    reference_source: Remark = ""
    stock_limit: Stock | None = None
    minimum_quantity: Quantity = 1
    per_order_limit: Quantity | None = None
    per_cycle_limit: Quantity | None = None
    commission_bp: BasisPoints | None = None
    commission_fen: FenAmount | None = None
    shortage_rule: ShortageRule = ShortageRule.PAID_TIME
    flags: Annotated[list[Flag], Limits(max_length=len(Flag), default_factory=list)]
    campaign_budget_fen: FenAmount | None = None
    closes_at: Instant | None = None
    kind: OfferKind = OfferKind.NORMAL
    opens_at: Instant | None = None
    per_day_limit: Quantity | None = None
    leader_levels: Annotated[list[SellerLevel], Limits(max_length=len(SellerLevel), default_factory=list)]
    community_ids: Annotated[list[PublicId], Limits(max_length=500, default_factory=list)]


class NewStock(Body):
    """How much of an offer there is; null means unlimited."""

    stock_limit: Stock | None


class NewTerms(Body):
    """Terms to be changed and why; what is left out stays as it is."""

    reason: Short
    price_fen: FenAmount | None = None
    reference_price_fen: FenAmount | None = None
    reference_source: Remark = ""
    stock_limit: Stock | None = None
    minimum_quantity: Quantity = 1
    per_order_limit: Quantity | None = None
    per_cycle_limit: Quantity | None = None
    per_day_limit: Quantity | None = None
    commission_bp: BasisPoints | None = None
    commission_fen: FenAmount | None = None
    shortage_rule: ShortageRule = ShortageRule.PAID_TIME
    flags: Annotated[list[Flag], Limits(max_length=len(Flag), default_factory=list)]
    campaign_budget_fen: FenAmount | None = None
    opens_at: Instant | None = None
    closes_at: Instant | None = None
    leader_levels: Annotated[list[SellerLevel], Limits(max_length=len(SellerLevel), default_factory=list)]
    community_ids: Annotated[list[PublicId], Limits(max_length=500, default_factory=list)]

    @model_validator(mode="after")
    def _needed(self) -> "NewTerms":
        for name in self.model_fields_set & {"price_fen", "commission_bp", "opens_at", "closes_at"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be nothing")
        return self


class OfferChangeView(View):
    """One change of an offer's terms: before and after by term."""

    at: datetime
    by: str
    reason: str
    changes: dict[str, Any]


class OfferHistory(View):
    """How an offer's terms were changed, the oldest change first."""

    items: list[OfferChangeView]


class OfferCard(View):
    """An offer as members see it."""

    id: PublicId
    cycle_id: PublicId
    kind: OfferKind
    sku_id: PublicId
    product_name: str
    spec: str
    unit: str
    net_g: int
    weighed: bool
    pictures: tuple[str, ...]
    category_id: PublicId
    category_name: str
    storage_class: str
    price_fen: int
    reference_price_fen: int | None
    flags: tuple[Flag, ...]
    minimum_quantity: int
    per_order_limit: int | None
    per_cycle_limit: int | None
    per_day_limit: int | None
    left: int | None
    sold: int
    opens_at: datetime
    closes_at: datetime


class LeaderOffer(OfferCard):
    """An offer as leaders see it, with what they earn by it."""

    commission_bp: int
    commission_fen: int | None


class OfferView(LeaderOffer):
    """An offer as the console shows it, with what it costs."""

    supplier_id: PublicId
    supplier_name: str
    cost_fen: int
    pack_size: int
    minimum_packs: int
    capacity_per_day: int | None
    reference_source: str
    shortage_rule: ShortageRule
    campaign_budget_fen: int | None
    stock_limit: int | None
    on_sale: bool
    withdrawn: bool
    floor_fen: int
    leader_levels: tuple[SellerLevel, ...]
    community_ids: tuple[PublicId, ...]
    version: int


class OfferCards(View):
    """One page of offers for members."""

    items: list[OfferCard]
    next: PublicId | None


class LeaderOffers(View):
    """One page of offers for leaders."""

    items: list[LeaderOffer]
    next: PublicId | None


class OfferPage(View):
    """One page of offers for the console."""

    items: list[OfferView]
    next: PublicId | None


NO_STATION = 0  # a member bound to none sees what is for the whole region
PageSize = Annotated[int, Query(ge=1, le=200)]


@console.post("/cycles/{cycle_id}/offers", permission="offer.manage")
async def list_offer(cycle_id: PublicId, body: NewOffer, call: CallOf) -> OfferView:
    async def work(tx: Tx) -> OfferView:
        made = await commands.list_offer(tx, cycle_id=cycle_id, **body.model_dump())
        return OfferView.model_validate(await queries.offer(tx, made))

    return await call.write(work)


@console.get("/cycles/{cycle_id}/offers", permission="papers.read")
async def console_offers(cycle_id: PublicId, call: CallOf, after: PublicId = 0, limit: PageSize = 50) -> OfferPage:
    async with call.reading() as tx:
        await cycle(tx, cycle_id)
        found = await queries.offer_page(tx, cycle_id, after=after, limit=limit)
    items = [OfferView.model_validate(each) for each in found]
    return OfferPage(items=items, next=found[-1].id if len(found) == limit else None)


@console.put("/offers/{offer_id}", permission="offer.manage")
async def change_offer(offer_id: PublicId, body: NewTerms, call: CallOf) -> OfferView:
    async def work(tx: Tx) -> OfferView:
        changed = await commands.change_offer(tx, offer_id=offer_id, **body.model_dump(exclude_unset=True))
        return OfferView.model_validate(changed)

    return await call.write(work)


@console.get("/offers/{offer_id}/changes", permission="papers.read")
async def offer_history(offer_id: PublicId, call: CallOf) -> OfferHistory:
    async with call.reading() as tx:
        await queries.offer(tx, offer_id)
        found = await queries.changes(tx, offer_id)
    return OfferHistory(items=[OfferChangeView.model_validate(each) for each in found])


@console.put("/offers/{offer_id}/stock", permission="offer.manage")
async def set_stock(offer_id: PublicId, body: NewStock, call: CallOf) -> OfferView:
    async def work(tx: Tx) -> OfferView:
        changed = await commands.set_stock(tx, offer_id=offer_id, stock_limit=body.stock_limit)
        return OfferView.model_validate(changed)

    return await call.write(work)


@console.post("/offers/{offer_id}/withdrawal", permission="offer.manage")
async def withdraw(offer_id: PublicId, call: CallOf) -> OfferView:
    async def work(tx: Tx) -> OfferView:
        return OfferView.model_validate(await commands.withdraw(tx, offer_id=offer_id))

    return await call.write(work)


@app.get("/cycles/{cycle_id}/offers", permission="shop.browse")
async def members_offers(cycle_id: PublicId, call: CallOf, after: PublicId = 0, limit: PageSize = 50) -> OfferCards:
    async with call.reading() as tx:
        station_id = (await member(tx, call.who.person_id)).station_id or NO_STATION
        _shown_to(await cycle(tx, cycle_id), [station_id])
        found = await queries.offer_page(tx, cycle_id, after=after, limit=limit, shown_only=True)
        theirs = await _sold_at(tx, station_id, found)
    items = [OfferCard.model_validate(each) for each in theirs]
    return OfferCards(items=items, next=found[-1].id if len(found) == limit else None)


@leader.get("/cycles/{cycle_id}/offers", permission="station.own")
async def leaders_offers(cycle_id: PublicId, call: CallOf, after: PublicId = 0, limit: PageSize = 50) -> LeaderOffers:
    async with call.reading() as tx:
        own = [each.id for each in await stations_of_leader(tx, call.who.person_id)]
        _shown_to(await cycle(tx, cycle_id), own)
        found = await queries.offer_page(tx, cycle_id, after=after, limit=limit, shown_only=True)
    items = [LeaderOffer.model_validate(each) for each in found]
    return LeaderOffers(items=items, next=found[-1].id if len(found) == limit else None)


async def _sold_at(tx: Tx, station_id: int, found: list[OfferValue]) -> list[OfferValue]:
    """Leave out what the station's leader or community may not sell."""
    if not any(each.leader_levels or each.community_ids for each in found):
        return found
    level, community_id = "", NO_STATION
    if station_id != NO_STATION:
        here = await station(tx, station_id)
        level, community_id = (await leader_of(tx, here.leader_id)).level, here.community_id
    return [each for each in found if rules.sold_by(each.leader_levels, each.community_ids, level, community_id)]


def _shown_to(found: CycleValue, station_ids: list[int]) -> None:
    """Refuse what is not published yet or meant for other stations, as if it did not exist."""
    if found.state == CycleState.DRAFT or not any(covers(found, id) for id in station_ids):
        raise NoSuchCycle(f"no cycle {found.id}", cycle_id=found.id)

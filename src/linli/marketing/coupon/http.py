"""Routes of coupons: operators make and give them, members claim them and see what each would save."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from linli.marketing.coupon import commands, queries
from linli.marketing.coupon.model import CouponValue, Figures, Form, Weighed
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, Instant, PublicId, Quantity, Short, View

console = Audience("console", "coupon")
app = Audience("app", "coupon")
routers = [console.router, app.router]

Key = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$", description="a name other settings refer to")]
BasisPoints = Annotated[int, Field(ge=0, le=10_000, strict=True, description="basis points")]
Days = Annotated[int, Field(ge=1, le=730, strict=True, description="days")]
Many = Annotated[int, Field(ge=1, le=100_000_000, strict=True)]
Ids = Annotated[list[PublicId], Field(max_length=200)]
PageSize = Annotated[int, Query(ge=1, le=200)]


class NewTemplate(Body):
    """A kind of coupon; empty conditions hold for everything, null limits mean unlimited.

    `off_fen` is the amount, or for a percentage and an exchanged piece the most (0: no limit). Coupons are valid until
    a time, or for some days after a member got them.
    """

    title: Short
    key: Key = ""
    form: Form
    off_fen: FenAmount = 0
    off_bp: BasisPoints = 0
    threshold_fen: FenAmount = 0
    category_ids: Ids = Field(default_factory=list)
    offer_ids: Ids = Field(default_factory=list)
    segment: Annotated[str, Field(max_length=40, pattern=r"^[a-z_]*$")] = ""
    first_order: bool = False
    claimable: bool = False
    stock: Many | None = None
    budget_fen: FenAmount | None = None
    per_member: Annotated[int, Field(ge=1, le=1_000, strict=True)] = 1
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    valid_days: Days | None = None


class Offered(View):
    """A kind of coupon as members see it."""

    id: PublicId
    title: str
    form: Form
    off_fen: int
    off_bp: int
    threshold_fen: int
    category_ids: list[PublicId]
    offer_ids: list[PublicId]
    segment: str
    first_order: bool
    per_member: int
    valid_from: datetime | None
    valid_until: datetime | None
    valid_days: int | None


class ClaimableView(Offered):
    """A kind of coupon that may be claimed, and how many of it this member has claimed."""

    claimed: int


class FiguresView(View):
    """What became of a kind of coupon; `spent` is also the number of orders; fen taken off paid orders."""

    claimed: int
    locked: int
    spent: int
    spent_fen: int
    members: int


class TemplateView(Offered):
    """A kind of coupon as operators see it, with its figures."""

    key: str
    claimable: bool
    stock: int | None
    issued: int
    budget_fen: int | None
    taken_fen: int
    stopped_at: datetime | None
    made_at: datetime
    by: str
    figures: FiguresView


class TemplatePage(View):
    """One page of templates."""

    items: list[TemplateView]
    next: PublicId | None


class DefaultsMade(View):
    """The named templates that were made now."""

    ids: list[PublicId]


class Giving(Body):
    """To which members a coupon is given and why; the same `ref` gives each member one only."""

    member_ids: Annotated[list[PublicId], Field(min_length=1, max_length=1_000)]
    reason: Short
    ref: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._:-]+$")]


class Given(View):
    """How many coupons were given now."""

    given: int


class Claim(Body):
    """Which kind of coupon is claimed."""

    template_id: PublicId


class CouponView(View):
    """A member's coupon; `expired` is told by the time."""

    id: PublicId
    title: str
    state: str
    expired: bool
    source: str
    form: Form
    off_fen: int
    off_bp: int
    threshold_fen: int
    category_ids: list[PublicId]
    offer_ids: list[PublicId]
    first_order: bool
    claimed_at: datetime
    valid_from: datetime
    valid_until: datetime
    order_id: PublicId | None


class CouponPage(View):
    """Some of a member's coupons, and the id to go on after."""

    items: list[CouponView]
    next: PublicId | None


class WantedLine(Body):
    """Pieces of an offer."""

    offer_id: PublicId
    quantity: Quantity


class Basket(Body):
    """What a member would like to order in a cycle."""

    cycle_id: PublicId
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=100)]


class WeighedView(View):
    """What a coupon would save in fen; `why` is empty when it counts."""

    coupon: CouponView
    saves_fen: int
    why: str


@console.post("/coupon-templates", permission="offer.manage")
async def make_template(body: NewTemplate, call: CallOf) -> TemplateView:
    async def work(tx: Tx) -> TemplateView:
        return await _template(tx, await commands.make_template(tx, **body.model_dump()))

    return await call.write(work)


@console.post("/coupon-templates/defaults", permission="offer.manage")
async def make_defaults(call: CallOf) -> DefaultsMade:
    async def work(tx: Tx) -> DefaultsMade:
        return DefaultsMade(ids=await commands.make_defaults(tx))

    return await call.write(work)


@console.get("/coupon-templates", permission="offer.manage")
async def list_templates(call: CallOf, after: PublicId = 0, limit: PageSize = 50) -> TemplatePage:
    async with call.reading() as tx:
        found = await queries.templates(tx, after=after, limit=limit)
        figures = await queries.figures(tx, [row.id for row in found])
    items = [_template_view(row, figures.get(row.id, Figures())) for row in found]
    return TemplatePage(items=items, next=found[-1].id if len(found) == limit else None)


@console.post("/coupon-templates/{template_id}/stop", permission="offer.manage")
async def stop_template(template_id: PublicId, call: CallOf) -> TemplateView:
    async def work(tx: Tx) -> TemplateView:
        return await _template(tx, (await commands.stop_template(tx, template_id=template_id)).id)

    return await call.write(work)


@console.post("/coupon-templates/{template_id}/givings", permission="offer.manage")
async def give_coupons(template_id: PublicId, body: Giving, call: CallOf) -> Given:
    async def work(tx: Tx) -> Given:
        return Given(given=await commands.give_coupons(tx, template_id=template_id, **body.model_dump()))

    return await call.write(work)


@app.get("/coupons/claimable", permission="order.own")
async def list_claimable(call: CallOf) -> list[ClaimableView]:
    async with call.reading() as tx:
        found = await queries.claimable(tx, call.who.person_id)
    return [ClaimableView(**Offered.model_validate(row).model_dump(), claimed=count) for row, count in found]


@app.post("/coupons", permission="order.own")
async def claim(body: Claim, call: CallOf) -> CouponView:
    async def work(tx: Tx) -> CouponView:
        made = await commands.claim(tx, member_id=call.who.person_id, template_id=body.template_id)
        return _coupon(made, tx.now)

    return await call.write(work)


@app.get("/coupons", permission="order.own")
async def list_mine(call: CallOf, after: PublicId | None = None, limit: PageSize = 50) -> CouponPage:
    async with call.reading() as tx:
        found = await queries.coupons_of_member(tx, call.who.person_id, before=after, limit=limit)
        items = [_coupon(each, tx.now) for each in found]
    return CouponPage(items=items, next=found[-1].id if len(found) == limit else None)


@app.post("/coupons/weighing", permission="order.own")
async def weigh(body: Basket, call: CallOf) -> list[WeighedView]:
    wanted: dict[int, int] = {}
    for line in body.lines:
        wanted[line.offer_id] = wanted.get(line.offer_id, 0) + line.quantity
    async with call.reading() as tx:
        found = await commands.weigh(tx, member_id=call.who.person_id, cycle_id=body.cycle_id, lines=wanted)
        return [_weighed(each, tx.now) for each in found]


async def _template(tx: Tx, template_id: int) -> TemplateView:
    figures = await queries.figures(tx, [template_id])
    return _template_view(await queries.template(tx, template_id), figures.get(template_id, Figures()))


def _template_view(row: Any, figures: Figures) -> TemplateView:
    names = TemplateView.model_fields.keys() - {"figures"}
    return TemplateView(**{name: getattr(row, name) for name in names}, figures=FiguresView.model_validate(figures))


def _coupon(coupon: CouponValue, now: datetime) -> CouponView:
    names = CouponView.model_fields.keys() - {"expired"}
    expired = coupon.state == "claimed" and coupon.valid_until <= now
    return CouponView(**{name: getattr(coupon, name) for name in names}, expired=expired)


def _weighed(each: Weighed, now: datetime) -> WeighedView:
    return WeighedView(coupon=_coupon(each.coupon, now), saves_fen=each.saves_fen, why=each.why)

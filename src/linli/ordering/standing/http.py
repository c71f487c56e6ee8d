"""Routes of standing orders: the member subscribes, changes, pauses, leaves weeks out; operators look."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from linli.ordering.standing.commands import leave_out, rewrite, subscribe, turn
from linli.ordering.standing.model import Outcome, StandingState, StandingValue, Wanted
from linli.ordering.standing.queries import runs, standing, standings
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, PublicId, Quantity, View

app = Audience("app", "standing")
console = Audience("console", "standing")
routers = [app.router, console.router]
Limit = Annotated[int, Query(ge=1, le=200)]


class StandingTerms(Body):
    """What is wanted every week: pieces on weekdays (1 Monday … 7), at most `ceiling_fen` a piece, until a day."""

    quantity: Quantity
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
    ceiling_fen: Annotated[FenAmount, Field(gt=0)]
    until: date | None = None


class NewStanding(StandingTerms):
    """A new standing order of a sku, at a station (the member's own by default)."""

    sku_id: PublicId
    station_id: PublicId | None = None


class Week(Body):
    """Any day of the week that is meant."""

    day: date


class StandingView(View):
    """A standing order; `skips` are the Mondays of the weeks that are left out."""

    id: PublicId
    member_id: PublicId
    station_id: PublicId
    sku_id: PublicId
    name: str
    spec: str
    unit: str
    quantity: int
    weekdays: list[int]
    ceiling_fen: int
    until: date | None
    state: StandingState
    made_at: datetime
    skips: list[date]


class RunView(View):
    """What became of a standing order in one cycle."""

    cycle_id: PublicId
    delivery_date: date
    outcome: Outcome
    order_id: PublicId | None
    reason: str
    at: datetime


class FollowedStanding(StandingView):
    """A standing order with what became of it, the latest cycle first."""

    runs: list[RunView]


class StandingViews(View):
    """A page of standing orders in order of id; `next` is null on the last one."""

    items: list[StandingView]
    next: PublicId | None


def _wanted(body: StandingTerms) -> Wanted:
    return Wanted(body.quantity, tuple(body.weekdays), body.ceiling_fen, body.until)


def _view(found: StandingValue) -> StandingView:
    return StandingView.model_validate(found)


def _page(found: list[StandingValue], limit: int) -> StandingViews:
    return StandingViews(items=[_view(one) for one in found], next=found[-1].id if len(found) == limit else None)


@app.post("/standings", permission="order.place")
async def add_standing(body: NewStanding, call: CallOf) -> StandingView:
    async def work(tx: Tx) -> StandingView:
        return _view(
            await subscribe(
                tx, member_id=call.who.person_id, sku_id=body.sku_id, wanted=_wanted(body), station_id=body.station_id
            )
        )

    return await call.write(work)


@app.get("/standings", permission="order.own")
async def own_standings(call: CallOf, after: PublicId | None = None, limit: Limit = 50) -> StandingViews:
    async with call.reading() as tx:
        return _page(await standings(tx, member_id=call.who.person_id, after=after, limit=limit), limit)


@app.get("/standings/{standing_id}", permission="order.own")
async def own_standing(standing_id: PublicId, call: CallOf) -> FollowedStanding:
    async with call.reading() as tx:
        found = _view(await standing(tx, standing_id, call.who.person_id))
        past = [RunView.model_validate(run) for run in await runs(tx, standing_id)]
    return FollowedStanding(**found.model_dump(), runs=past)


@app.put("/standings/{standing_id}", permission="order.place")
async def rewrite_standing(standing_id: PublicId, body: StandingTerms, call: CallOf) -> StandingView:
    async def work(tx: Tx) -> StandingView:
        return _view(await rewrite(tx, standing_id=standing_id, member_id=call.who.person_id, wanted=_wanted(body)))

    return await call.write(work)


async def _turned(call: CallOf, standing_id: int, verb: str) -> StandingView:
    async def work(tx: Tx) -> StandingView:
        return _view(await turn(tx, standing_id=standing_id, member_id=call.who.person_id, verb=verb))

    return await call.write(work)


@app.post("/standings/{standing_id}/pause", permission="order.own")
async def pause_standing(standing_id: PublicId, call: CallOf) -> StandingView:
    return await _turned(call, standing_id, "pause")


@app.post("/standings/{standing_id}/resumption", permission="order.own")
async def resume_standing(standing_id: PublicId, call: CallOf) -> StandingView:
    return await _turned(call, standing_id, "resume")


@app.post("/standings/{standing_id}/end", permission="order.own")
async def end_standing(standing_id: PublicId, call: CallOf) -> StandingView:
    return await _turned(call, standing_id, "end")


@app.post("/standings/{standing_id}/skips", permission="order.own")
async def skip_week(standing_id: PublicId, body: Week, call: CallOf) -> StandingView:
    async def work(tx: Tx) -> StandingView:
        return _view(await leave_out(tx, standing_id=standing_id, member_id=call.who.person_id, day=body.day))

    return await call.write(work)


@app.delete("/standings/{standing_id}/skips/{day}", permission="order.own")
async def take_week_in(standing_id: PublicId, day: date, call: CallOf) -> StandingView:
    async def work(tx: Tx) -> StandingView:
        return _view(await leave_out(tx, standing_id=standing_id, member_id=call.who.person_id, day=day, out=False))

    return await call.write(work)


@console.get("/standings", permission="order.read")
async def standings_for_operators(
    call: CallOf, state: StandingState | None = None, after: PublicId | None = None, limit: Limit = 50
) -> StandingViews:
    async with call.reading() as tx:
        return _page(await standings(tx, state=state, after=after, limit=limit), limit)

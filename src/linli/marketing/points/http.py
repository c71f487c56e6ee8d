"""Routes of points: members see, earn by signing in; the console sees and grants."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from linli.marketing.points import commands, queries
from linli.people import member
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Short, View

app = Audience("app", "points")
console = Audience("console", "points")
routers = [app.router, console.router]

PageSize = Annotated[int, Query(ge=1, le=200)]


class PurseView(View):
    """Points that expire after a day."""

    expires_on: date
    points: int


class PointsView(View):
    """A member's points and what they are worth in fen."""

    points: int
    worth_fen: int
    purses: list[PurseView]
    signed_in_today: bool


class MovementView(View):
    """One movement of points."""

    id: PublicId
    kind: str
    points: int
    expires_on: date
    order_id: PublicId | None
    note: str
    at: datetime


class MovementPage(View):
    """Some movements, and the id to go on after."""

    items: list[MovementView]
    next: PublicId | None


class Grant(Body):
    """Points given by hand, and why; the same `ref` gives once only."""

    points: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
    reason: Short
    ref: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._:-]+$")]


@app.get("/points", permission="order.own")
async def show_points(call: CallOf) -> PointsView:
    async with call.reading() as tx:
        return PointsView.model_validate(await queries.points_of(tx, call.who.person_id))


@app.get("/points/movements", permission="order.own")
async def list_movements(call: CallOf, after: PublicId | None = None, limit: PageSize = 50) -> MovementPage:
    async with call.reading() as tx:
        found = await queries.movements(tx, call.who.person_id, before=after, limit=limit)
    items = [MovementView.model_validate(each) for each in found]
    return MovementPage(items=items, next=found[-1].id if len(found) == limit else None)


@app.post("/points/sign-in", permission="order.own")
async def sign_in(call: CallOf) -> PointsView:
    async def work(tx: Tx) -> PointsView:
        return PointsView.model_validate(await commands.sign_in(tx, member_id=call.who.person_id))

    return await call.write(work)


@console.get("/members/{member_id}/points", permission="member.read")
async def show_members_points(member_id: PublicId, call: CallOf) -> PointsView:
    async with call.reading() as tx:
        await member(tx, member_id)
        return PointsView.model_validate(await queries.points_of(tx, member_id))


@console.post("/members/{member_id}/points", permission="offer.manage")
async def grant_points(member_id: PublicId, body: Grant, call: CallOf) -> PointsView:
    async def work(tx: Tx) -> PointsView:
        return PointsView.model_validate(await commands.grant_points(tx, member_id=member_id, **body.model_dump()))

    return await call.write(work)

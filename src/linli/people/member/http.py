"""Members sign up and in by phone, see and change themselves.

Leaders and the console see members with masked phones.
"""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from linli.people.access.model import HEAD_OFFICE
from linli.people.access.rules import Standing, permissions_of
from linli.people.account.commands import begin_session, sign_in_by_phone
from linli.people.account.model import CodeVerdict, Identity
from linli.people.account.queries import SessionView, session_view
from linli.people.account.rules import refuse_unless_accepted
from linli.people.community.queries import station
from linli.people.member import commands
from linli.people.member.model import MemberValue
from linli.people.member.queries import bindings, member, members_of_leader, page_of_members
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, Brief, CallOf, Phone, PublicId, RegionNumber, Short, View

app = Audience("app", "member")
leader_app = Audience("leader", "member")
console = Audience("console", "member")
routers = [app.router, leader_app.router, console.router]

Code = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="6 digits from the text message")]
Limit = Annotated[int, Query(ge=1, le=200)]


class MemberSignIn(Body):
    """A phone with its code, the region to shop in, and for newcomers the station of the link and how to be called."""

    phone: Phone
    code: Code
    region: RegionNumber
    station_id: PublicId | None = None
    nickname: Short | None = None


class MeStation(View):
    """The station a member collects at."""

    id: PublicId
    name: str
    community_name: str
    address: str
    opens_minute: int
    closes_minute: int


class Me(View):
    """The member who asks."""

    id: PublicId
    nickname: str
    place: str
    phone_tail: str
    orders_paid: int
    station: MeStation | None


class StationChoice(Body):
    """The station to collect at from now on."""

    station_id: PublicId


class Description(Body):
    """How a member is called in the group, and building and room."""

    nickname: Short
    place: Brief = ""


class BindingView(View):
    """A station a member belonged to, and how they came to it."""

    station_id: PublicId
    how: str
    since: datetime
    until: datetime | None


class MaskedMember(View):
    """A member as leaders and the console see them: of the phone the last four digits."""

    id: PublicId
    nickname: str
    place: str
    phone: str
    station_id: PublicId | None
    orders_paid: int
    has_account: bool


class MemberPage(View):
    """Some members, and the id to go on after."""

    items: list[MaskedMember]
    next: PublicId | None


@app.post("/sessions", permission=None, public_reason="whoever signs in is not signed in yet; attempts are limited")
async def sign_in(body: MemberSignIn, call: CallOf) -> SessionView:
    key, request = call.installation.key, call.request.headers.get("idempotency-key", "")

    async def prove(tx: Tx) -> tuple[CodeVerdict, Identity | None]:
        return await sign_in_by_phone(
            tx, key=key, phone=body.phone, code=body.code, request=request, name=body.nickname or ""
        )

    verdict, found = await call.write(prove, region_id=HEAD_OFFICE, keyed=False)
    refuse_unless_accepted(verdict)
    assert found is not None
    account_id, tail = found.account_id, found.tail

    async def come_in(tx: Tx) -> tuple[int, str]:
        known = await commands.join(
            tx, account_id=account_id, nickname=body.nickname or "", phone_tail=tail, station_id=body.station_id
        )
        return known.id, await begin_session(tx, account_id=account_id, audience="app", person_id=known.id)

    member_id, refresh = await call.write(come_in, region_id=body.region, keyed=False)
    as_ = Standing(body.region, member_id, ("member",), permissions_of(["member"]))
    return session_view(key, account_id, "app", as_, refresh, call.installation.clock.now())


@app.get("/me", permission="profile.own")
async def show_me(call: CallOf) -> Me:
    async with call.reading() as tx:
        return await _me(tx, await member(tx, call.who.person_id))


@app.put("/me", permission="profile.own")
async def describe_me(body: Description, call: CallOf) -> Me:
    async def work(tx: Tx) -> Me:
        given = {"nickname": body.nickname, "place": body.place}
        return await _me(tx, await commands.describe(tx, member_id=call.who.person_id, **given))

    return await call.write(work)


@app.put("/me/station", permission="profile.own")
async def choose_station(body: StationChoice, call: CallOf) -> Me:
    async def work(tx: Tx) -> Me:
        changed = await commands.bind(tx, member_id=call.who.person_id, station_id=body.station_id)
        return await _me(tx, changed)

    return await call.write(work)


@app.get("/me/stations", permission="profile.own")
async def list_my_stations(call: CallOf) -> list[BindingView]:
    async with call.reading() as tx:
        return [BindingView.model_validate(row) for row in await bindings(tx, call.who.person_id)]


@leader_app.get("/members", permission="station.own")
async def list_own_members(call: CallOf, after: PublicId = 0, limit: Limit = 50) -> MemberPage:
    async with call.reading() as tx:
        found = await members_of_leader(tx, call.who.person_id, after=after, limit=limit)
    return _page(found, limit)


@console.get("/members", permission="member.read")
async def list_members(
    call: CallOf, station_id: PublicId | None = None, after: PublicId = 0, limit: Limit = 50
) -> MemberPage:
    async with call.reading() as tx:
        wanted = None if station_id is None else [station_id]
        found = await page_of_members(tx, after=after, limit=limit, station_ids=wanted)
    return _page(found, limit)


async def _me(tx: Tx, me: MemberValue) -> Me:
    bound = None if me.station_id is None else MeStation.model_validate(await station(tx, me.station_id))
    shown = {"nickname": me.nickname, "place": me.place, "phone_tail": me.phone_tail}
    return Me(id=me.id, orders_paid=me.orders_paid, station=bound, **shown)


def _page(found: list[MemberValue], limit: int) -> MemberPage:
    return MemberPage(items=[_masked(each) for each in found], next=found[-1].id if len(found) == limit else None)


def _masked(each: MemberValue) -> MaskedMember:
    return MaskedMember(
        id=each.id,
        nickname=each.nickname,
        place=each.place,
        phone=f"*******{each.phone_tail}" if each.phone_tail else "",
        station_id=each.station_id,
        orders_paid=each.orders_paid,
        has_account=each.account_id is not None,
    )

"""Routes of teams: the console sets terms and reads figures, members and leaders see the teams of their stations."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field as Limits

from linli.marketing.team import commands, queries
from linli.marketing.team.model import Seat, Short, TeamState, TeamValue, Unit
from linli.people import bound_station, stations_of_leader
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, FenAmount, PublicId, View
from linli.sale import offer

console = Audience("console", "team")
app = Audience("app", "team")
leader = Audience("leader", "team")
routers = [console.router, app.router, leader.router]
PageSize = Annotated[int, Query(ge=1, le=200)]


class NewTeamTerms(Body):
    """How an offer is sold in teams: fen a piece, how many members, within how many hours, and what when short."""

    price_fen: FenAmount
    size: Annotated[int, Limits(ge=2, le=50, strict=True)]
    hours: Annotated[int, Limits(ge=1, le=168, strict=True)]
    unit: Unit = Unit.STATION
    short: Short = Short.REFUND


class TeamTermsView(View):
    """How an offer is sold in teams; with `ship_at_base` the base price is paid and the difference comes back."""

    offer_id: PublicId
    price_fen: int
    size: int
    hours: int
    unit: Unit
    short: Short


class TeamCard(View):
    """A team as members see it; `now` is the server's clock, for the countdown."""

    id: PublicId
    offer_id: PublicId
    state: TeamState
    price_fen: int
    size: int
    seats_taken: int
    short: Short
    opened_at: datetime
    deadline: datetime


class OpenTeams(View):
    """The team terms of an offer, and the teams that can be joined now, the nearest to complete first."""

    now: datetime
    terms: TeamTermsView
    items: list[TeamCard]


class SeatView(View):
    """A neighbour in a team: the masked name, who leads, which one is you, and whether it is paid."""

    name: str
    leads: bool
    you: bool
    paid: bool


class TeamDetail(TeamCard):
    """A team with its members."""

    now: datetime
    seats: list[SeatView]
    merged_into: PublicId | None


class TeamPage(View):
    """One page of teams at a leader's stations."""

    items: list[TeamCard]
    next: PublicId | None


class FigureView(View):
    """How many teams of an offer stand so, with how many seats taken and paid."""

    offer_id: PublicId
    state: TeamState
    teams: int
    seats: int
    paid: int


class Figures(View):
    """How a cycle's teams stand."""

    items: list[FigureView]


@console.put("/offers/{offer_id}/team", permission="offer.manage")
async def set_team_terms(offer_id: PublicId, body: NewTeamTerms, call: CallOf) -> TeamTermsView:
    async def work(tx: Tx) -> TeamTermsView:
        made = await commands.sell_in_teams(tx, offer_id=offer_id, **body.model_dump())
        return TeamTermsView.model_validate(made)

    return await call.write(work)


@console.get("/cycles/{cycle_id}/teams", permission="papers.read")
async def team_figures(cycle_id: PublicId, call: CallOf) -> Figures:
    async with call.reading() as tx:
        return Figures(items=[FigureView.model_validate(each) for each in await queries.figures(tx, cycle_id)])


@app.get("/offers/{offer_id}/teams", permission="shop.browse")
async def open_teams(offer_id: PublicId, call: CallOf, limit: PageSize = 50) -> OpenTeams:
    async with call.reading() as tx:
        await offer(tx, offer_id)
        station = await bound_station(tx, call.who.person_id)
        terms = (await queries.team_terms(tx, [offer_id])).get(offer_id)
        if terms is None:
            raise commands.NoTeamOffer("the offer is not sold in teams", offer_id=str(offer_id))
        found = await queries.open_teams(tx, offer_id=offer_id, station_id=station.id, limit=limit)
        cards = [TeamCard.model_validate(each) for each in found]
        return OpenTeams(now=tx.now, terms=TeamTermsView.model_validate(terms), items=cards)


@app.get("/teams/{team_id}", permission="shop.browse")
async def members_team(team_id: PublicId, call: CallOf) -> TeamDetail:
    async with call.reading() as tx:
        station = await bound_station(tx, call.who.person_id)
        found = await queries.team(tx, team_id, station_id=station.id)
        if found is None:
            raise commands.NoSuchTeam(f"no team {team_id}", team_id=str(team_id))
        sitting = await queries.who_sits(tx, team_id)
        return TeamDetail(
            **TeamCard.model_validate(found).model_dump(), now=tx.now, merged_into=found.into_id,
            seats=[_seat(found, seat, name, call.who.person_id) for seat, name in sitting],
        )  # fmt: skip


def _seat(team: TeamValue, seat: Seat, name: str, member_id: int) -> SeatView:
    leads, you = seat.member_id == team.leading_id, seat.member_id == member_id
    return SeatView(name=name, leads=leads, you=you, paid=seat.paid_at is not None)


@leader.get("/teams", permission="station.own")
async def leaders_teams(cycle_id: PublicId, call: CallOf, after: PublicId = 0, limit: PageSize = 50) -> TeamPage:
    async with call.reading() as tx:
        own = [each.id for each in await stations_of_leader(tx, call.who.person_id)]
        found = await queries.teams_at(tx, station_ids=own, cycle_id=cycle_id, after=after, limit=limit)
    items = [TeamCard.model_validate(each) for each in found]
    return TeamPage(items=items, next=found[-1].id if len(found) == limit else None)

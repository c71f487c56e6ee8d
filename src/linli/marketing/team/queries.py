"""Reading teams for screens: members see masked neighbours, never who they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import case, func, select

from linli import people
from linli.kernel.masking import mask_name
from linli.marketing.team import store
from linli.marketing.team.model import Seat, TeamState, TeamValue, TermsValue, Unit
from linli.marketing.team.records import Team, TeamSeat
from linli.platform.database import Tx

COLUMNS = [getattr(Team, name) for name in TeamValue._fields]


class TeamFigures(NamedTuple):
    """What became of an offer's teams: by state, how many teams and paid seats."""

    offer_id: int
    state: str
    teams: int
    seats: int
    paid: int


async def team_terms(tx: Tx, offer_ids: Collection[int]) -> dict[int, TermsValue]:
    """Return the team terms of offers, by offer."""
    return await store.terms_of(tx, offer_ids)


async def open_teams(tx: Tx, *, offer_id: int, station_id: int, limit: int) -> list[TeamValue]:
    """Return the teams of an offer that a station's members can join now, the nearest to complete first."""
    here = (Team.region_id == tx.region_id, Team.offer_id == offer_id, Team.state == TeamState.OPEN)
    joinable = (Team.deadline > tx.now, Team.seats_taken < Team.size)
    mine = (Team.unit == Unit.REGION) | (Team.station_id == station_id)
    order = (Team.size - Team.seats_taken, Team.deadline, Team.id)
    found = await tx.execute(select(*COLUMNS).where(*here, *joinable, mine).order_by(*order).limit(limit))
    return [TeamValue(*row) for row in found]


async def team(tx: Tx, team_id: int, *, station_id: int | None) -> TeamValue | None:
    """Return a team that a station's members may see."""
    found = (await store.teams(tx, [team_id], lock=False)).get(team_id)
    return found if found is not None and found.place in (0, station_id) else None


async def teams_at(tx: Tx, *, station_ids: Sequence[int], cycle_id: int, after: int, limit: int) -> list[TeamValue]:
    """Return the teams that were opened at stations in a cycle and follow an id."""
    here = (Team.region_id == tx.region_id, Team.cycle_id == cycle_id, Team.id > after)
    wanted = select(*COLUMNS).where(*here, Team.station_id.in_(station_ids)).order_by(Team.id).limit(limit)
    return [TeamValue(*row) for row in await tx.execute(wanted)]


async def who_sits(tx: Tx, team_id: int) -> list[tuple[Seat, str]]:
    """Return a team's seats in the order in which they were taken, each with its member's masked name."""
    seats = sorted(await store.seats(tx, [team_id]), key=lambda seat: (seat.taken_at, seat.order_id))
    names = await people.members(tx, [seat.member_id for seat in seats])
    return [(seat, mask_name(names[seat.member_id].nickname)) for seat in seats]


async def figures(tx: Tx, cycle_id: int) -> list[TeamFigures]:
    """Return how a cycle's teams stand, by offer and state."""
    seat = (TeamSeat.region_id == Team.region_id) & (TeamSeat.team_id == Team.id) & TeamSeat.left_at.is_(None)
    paid = func.sum(case((TeamSeat.paid_at.is_not(None), 1), else_=0))
    wanted = (
        select(Team.offer_id, Team.state, func.count(Team.id.distinct()), func.count(TeamSeat.order_id), paid)
        .outerjoin(TeamSeat, seat)
        .where(Team.region_id == tx.region_id, Team.cycle_id == cycle_id)
        .group_by(Team.offer_id, Team.state)
        .order_by(Team.offer_id, Team.state)
    )
    return [TeamFigures(row[0], str(row[1]), row[2], row[3], int(row[4])) for row in await tx.execute(wanted)]

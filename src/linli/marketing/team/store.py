"""All SQL of teams that commands need; teams are always locked in ascending id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import exists, select, text, update
from sqlalchemy.dialects.postgresql import insert

from linli.marketing.team.model import Seat, TeamState, TeamValue, TermsValue
from linli.marketing.team.records import Team, TeamSeat, TeamTerms
from linli.platform.database import Tx

TEAM_COLUMNS = [getattr(Team, name) for name in TeamValue._fields]
SEAT_COLUMNS = [getattr(TeamSeat, name) for name in Seat._fields]
TERMS_COLUMNS = [getattr(TeamTerms, name) for name in TermsValue._fields]
ADD_SEATS = text(
    "UPDATE marketing.teams AS t SET seats_taken = t.seats_taken + w.seats "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:seats AS integer[])) AS w (id, seats) "
    "WHERE t.region_id = :region_id AND t.id = w.id"
)


async def put_terms(tx: Tx, terms: TermsValue) -> None:
    """Write the team terms of an offer, in place of earlier ones."""
    row = {**terms._asdict(), "region_id": tx.region_id, "changed_at": tx.now, "by": tx.by}
    made = insert(TeamTerms).values(**row)
    await tx.execute(made.on_conflict_do_update(index_elements=["region_id", "offer_id"], set_=row))


async def terms_of(tx: Tx, offer_ids: Collection[int]) -> dict[int, TermsValue]:
    """Return the team terms of offers, by offer."""
    here = (TeamTerms.region_id == tx.region_id, TeamTerms.offer_id.in_(offer_ids))
    return {row.offer_id: TermsValue(*row) for row in await tx.execute(select(*TERMS_COLUMNS).where(*here))}


async def teams(tx: Tx, ids: Collection[int], *, lock: bool) -> dict[int, TeamValue]:
    """Return teams by id, locked in ascending order when told so."""
    wanted = select(*TEAM_COLUMNS).where(Team.region_id == tx.region_id, Team.id.in_(ids)).order_by(Team.id)
    found = await tx.execute(wanted.with_for_update() if lock else wanted)
    return {row.id: TeamValue(*row) for row in found}


async def seats(tx: Tx, team_ids: Collection[int]) -> list[Seat]:
    """Return the seats that are taken in teams, by order."""
    here = (TeamSeat.region_id == tx.region_id, TeamSeat.team_id.in_(team_ids), TeamSeat.left_at.is_(None))
    return [Seat(*row) for row in await tx.execute(select(*SEAT_COLUMNS).where(*here).order_by(TeamSeat.order_id))]


async def seats_of_orders(tx: Tx, order_ids: Collection[int]) -> list[Seat]:
    """Return the seats that orders have."""
    here = (TeamSeat.region_id == tx.region_id, TeamSeat.order_id.in_(order_ids), TeamSeat.left_at.is_(None))
    return [Seat(*row) for row in await tx.execute(select(*SEAT_COLUMNS).where(*here).order_by(TeamSeat.order_id))]


async def add_teams(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Insert teams."""
    await tx.execute(insert(Team), [{**row, "region_id": tx.region_id} for row in rows])


async def add_seats(tx: Tx, rows: Sequence[dict[str, Any]], taken: dict[int, int]) -> None:
    """Insert seats and count them in the teams that stood before (team → seats)."""
    if taken:
        ids = sorted(taken)
        counts = {"region_id": tx.region_id, "ids": ids, "seats": [taken[id] for id in ids]}
        await tx.execute(ADD_SEATS, counts)
    await tx.execute(insert(TeamSeat), [{**row, "region_id": tx.region_id} for row in rows])


async def set_seats(tx: Tx, order_ids: Collection[int], **values: Any) -> None:
    """Change the seats of orders."""
    here = (TeamSeat.region_id == tx.region_id, TeamSeat.order_id.in_(order_ids))
    await tx.execute(update(TeamSeat).where(*here).values(**values))


async def change(tx: Tx, team_id: int, **values: Any) -> None:
    """Change columns of a locked team."""
    await tx.execute(update(Team).where(Team.region_id == tx.region_id, Team.id == team_id).values(**values))


def _open_here(tx: Tx) -> tuple[Any, ...]:
    return Team.region_id == tx.region_id, Team.state == TeamState.OPEN


async def due(tx: Tx, limit: int) -> list[int]:
    """Return open teams whose deadline has passed and all of whose seats are paid: nobody is still about to pay."""
    waiting = exists(
        select(TeamSeat.order_id).where(
            TeamSeat.region_id == tx.region_id,
            TeamSeat.team_id == Team.id,
            TeamSeat.left_at.is_(None),
            TeamSeat.paid_at.is_(None),
        )
    )
    wanted = select(Team.id).where(*_open_here(tx), Team.deadline <= tx.now, ~waiting).order_by(Team.id).limit(limit)
    return list((await tx.execute(wanted)).scalars())


async def open_of_cycle(tx: Tx, cycle_id: int) -> list[int]:
    """Return the open teams of a cycle."""
    wanted = select(Team.id).where(*_open_here(tx), Team.cycle_id == cycle_id).order_by(Team.id)
    return list((await tx.execute(wanted)).scalars())


async def beside(tx: Tx, offer_ids: Collection[int]) -> list[int]:
    """Return all open teams of offers."""
    wanted = select(Team.id).where(*_open_here(tx), Team.offer_id.in_(offer_ids)).order_by(Team.id)
    return list((await tx.execute(wanted)).scalars())

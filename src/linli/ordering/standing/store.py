"""SQL that commands about standing orders need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from linli.ordering.standing.model import StandingState
from linli.ordering.standing.records import Standing, StandingSkip
from linli.platform.database import Tx

# The key of the runs decides: what another worker claims at the same moment is waited for, and then left to it.
CLAIM = text(
    "INSERT INTO ordering.standing_runs (region_id, standing_id, cycle_id, delivery_date, outcome, reason, at) "
    "SELECT s.region_id, s.id, :cycle_id, :day, 'claimed', '', :now FROM ordering.standings s "
    "WHERE s.region_id = :region_id AND s.state = 'active' AND s.sku_id = ANY(:sku_ids) "
    "AND s.weekdays & :weekday <> 0 AND (s.until IS NULL OR s.until >= :day) "
    "AND (:everywhere OR s.station_id = ANY(:station_ids)) "
    "AND NOT EXISTS (SELECT FROM ordering.standing_skips k WHERE k.region_id = :region_id AND k.standing_id = s.id "
    "AND k.week = :week) "
    "AND NOT EXISTS (SELECT FROM ordering.standing_runs r WHERE r.region_id = :region_id AND r.standing_id = s.id "
    "AND r.cycle_id = :cycle_id) "
    "ORDER BY s.id LIMIT :limit ON CONFLICT DO NOTHING RETURNING standing_id"
)
DECIDED = text(
    "UPDATE ordering.standing_runs r SET outcome = w.outcome, order_id = w.order_id, reason = w.reason "
    "FROM json_to_recordset(CAST(:rows AS json)) AS w (standing_id bigint, outcome text, order_id bigint, reason text) "
    "WHERE r.region_id = :region_id AND r.cycle_id = :cycle_id AND r.standing_id = w.standing_id"
)


def _of(tx: Tx, standing_id: int, member_id: int) -> tuple[Any, ...]:
    return Standing.region_id == tx.region_id, Standing.id == standing_id, Standing.member_id == member_id


async def add(tx: Tx, row: dict[str, Any]) -> None:
    """Write a new standing order."""
    await tx.execute(insert(Standing).values(**row, region_id=tx.region_id, made_at=tx.now))


async def how_many(tx: Tx, member_id: int) -> int:
    """Return how many standing orders of a member have not ended."""
    where = (Standing.region_id == tx.region_id, Standing.member_id == member_id)
    return int(await tx.scalar(select(func.count()).where(*where, Standing.state != StandingState.ENDED)))


async def locked(tx: Tx, standing_id: int, member_id: int) -> Standing | None:
    """Lock a member's standing order and return it, or None."""
    return await tx.first(select(Standing).where(*_of(tx, standing_id, member_id)).with_for_update())


async def change(tx: Tx, standing_id: int, values: Mapping[str, Any]) -> None:
    """Set what is wanted of a standing order from now on."""
    where = (Standing.region_id == tx.region_id, Standing.id == standing_id)
    await tx.execute(update(Standing).where(*where).values(**values))


async def skip(tx: Tx, standing_id: int, week: date) -> None:
    """Leave out the week of a Monday; twice is once."""
    row = {"region_id": tx.region_id, "standing_id": standing_id, "week": week}
    await tx.execute(insert(StandingSkip).values(**row).on_conflict_do_nothing())


async def unskip(tx: Tx, standing_id: int, week: date) -> None:
    """Take a week in again."""
    where = (StandingSkip.region_id == tx.region_id, StandingSkip.standing_id == standing_id, StandingSkip.week == week)
    await tx.execute(delete(StandingSkip).where(*where))


async def claim(tx: Tx, values: Mapping[str, Any]) -> Sequence[Standing]:
    """Claim the standing orders that are due in a cycle and were not ordered from yet, and lock them; oldest first.

    One that its member paused meanwhile is among them, with its state of now.
    """
    ids = sorted((await tx.execute(CLAIM, {**values, "region_id": tx.region_id, "now": tx.now})).scalars())
    if not ids:
        return []
    here = (Standing.region_id == tx.region_id, Standing.id.in_(ids))
    return await tx.all(select(Standing).where(*here).order_by(Standing.id).with_for_update())


async def decided(tx: Tx, cycle_id: int, rows: Collection[Mapping[str, Any]]) -> None:
    """Write what became of claimed standing orders."""
    given = {"region_id": tx.region_id, "cycle_id": cycle_id, "rows": msgspec.json.encode(rows).decode()}
    await tx.execute(DECIDED, given)

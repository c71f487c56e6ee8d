"""Read shapes of standing orders: for their member and for operators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from linli.kernel.refusals import NotFound
from linli.ordering.standing.model import Outcome, RunValue, StandingState, StandingValue
from linli.ordering.standing.records import Standing, StandingRun, StandingSkip
from linli.ordering.standing.rules import from_bits
from linli.platform.database import Tx

PLAIN = (
    "id", "member_id", "station_id", "sku_id", "name", "spec", "unit", "quantity", "ceiling_fen", "until", "made_at",
)  # fmt: skip


class StandingNotFound(NotFound):
    """There is no such standing order, or it is not the member's."""

    title = "没有这个周期购"


async def standing(tx: Tx, standing_id: int, member_id: int) -> StandingValue:
    """Return a standing order of a member; refuses StandingNotFound, also for a neighbour's."""
    where = (Standing.region_id == tx.region_id, Standing.id == standing_id, Standing.member_id == member_id)
    found = await tx.first(select(Standing).where(*where))
    if found is None:
        raise StandingNotFound(f"no standing order {standing_id}")
    return (await _values(tx, [found]))[0]


async def standings(
    tx: Tx, *, member_id: int | None = None, state: str | None = None, after: int | None = None, limit: int = 50
) -> list[StandingValue]:
    """Return a page of standing orders (of a member, in a state, when named) in order of id."""
    chosen = select(Standing).where(Standing.region_id == tx.region_id)
    for column, wanted in ((Standing.member_id, member_id), (Standing.state, state)):
        if wanted is not None:
            chosen = chosen.where(column == wanted)
    if after is not None:
        chosen = chosen.where(Standing.id > after)
    return await _values(tx, await tx.all(chosen.order_by(Standing.id).limit(limit)))


async def runs(tx: Tx, standing_id: int, limit: int = 20) -> list[RunValue]:
    """Return what became of a standing order in its last cycles, the latest first."""
    where = (StandingRun.region_id == tx.region_id, StandingRun.standing_id == standing_id)
    rows = await tx.all(select(StandingRun).where(*where).order_by(StandingRun.cycle_id.desc()).limit(limit))
    return [
        RunValue(row.cycle_id, row.delivery_date, Outcome(row.outcome), row.order_id, row.reason, row.at)
        for row in rows
    ]


async def _values(tx: Tx, rows: Sequence[Standing]) -> list[StandingValue]:
    skips: dict[int, list[date]] = {row.id: [] for row in rows}
    if rows:
        where = (StandingSkip.region_id == tx.region_id, StandingSkip.standing_id.in_(list(skips)))
        for one in await tx.all(select(StandingSkip).where(*where).order_by(StandingSkip.week)):
            skips[one.standing_id].append(one.week)
    return [
        StandingValue(
            **{name: getattr(row, name) for name in PLAIN}, weekdays=from_bits(row.weekdays),
            state=StandingState(row.state), skips=tuple(skips[row.id]),
        )
        for row in rows
    ]  # fmt: skip

"""Reading cases: a member's, those of stations, the console's lists, and the proof that cases and refunds agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, text

from linli import money
from linli.aftersale.case.model import UNFINISHED, CaseState, CaseValue, Kind
from linli.aftersale.case.records import Case
from linli.aftersale.photo.queries import photos_of_cases
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx

FIELDS = tuple(name for name in CaseValue.__dataclass_fields__ if name not in ("state", "kind", "automatic", "photos"))

# Each compares within one statement, so that work in flight is not reported; that is why other rooms' rows are read.
REFUNDS = text("""
SELECT coalesce(c.id, l.id) AS id, coalesce(c.fen, 0)::bigint AS ours, coalesce(l.fen, 0)::bigint AS theirs
FROM (SELECT id, refund_fen AS fen FROM aftersale.cases
  WHERE region_id = :region_id AND state IN ('executing', 'done', 'followed_up')) c
FULL JOIN (SELECT ref_id AS id, sum(amount_fen) AS fen FROM ordering.line_refunds
  WHERE region_id = :region_id AND ref_kind = 'case' GROUP BY 1) l ON l.id = c.id
WHERE coalesce(c.fen, 0) <> coalesce(l.fen, 0)""")
HELD = text("""
SELECT coalesce(h.line_id, c.line_id) AS id, coalesce(h.held_fen, 0)::bigint AS ours,
  coalesce(c.fen, 0)::bigint AS theirs
FROM (SELECT * FROM aftersale.claims WHERE region_id = :region_id) h
FULL JOIN (SELECT line_id, sum(worth_fen) AS fen, sum(pieces) AS pieces FROM aftersale.cases
  WHERE region_id = :region_id AND state IN ('opened', 'answered', 'verifying', 'proposed', 'escalated')
  GROUP BY 1) c ON c.line_id = h.line_id
WHERE coalesce(h.held_fen, 0) <> coalesce(c.fen, 0) OR coalesce(h.held_pieces, 0) <> coalesce(c.pieces, 0)""")
SETTLED = text("""
SELECT coalesce(h.line_id, c.line_id) AS id, coalesce(h.settled_fen, 0)::bigint AS ours,
  coalesce(c.fen, 0)::bigint AS theirs
FROM (SELECT * FROM aftersale.claims WHERE region_id = :region_id) h
FULL JOIN (SELECT line_id, sum(refund_fen) AS fen FROM aftersale.cases
  WHERE region_id = :region_id AND state IN ('executing', 'done', 'followed_up') GROUP BY 1) c
ON c.line_id = h.line_id WHERE coalesce(h.settled_fen, 0) <> coalesce(c.fen, 0)""")
BUDGETS = text("""
SELECT to_char(coalesce(b.day, c.day), 'YYYYMMDD')::bigint AS id, coalesce(b.spent_fen, 0)::bigint AS ours,
  coalesce(c.fen, 0)::bigint AS theirs
FROM (SELECT day, spent_fen FROM aftersale.auto_budgets WHERE region_id = :region_id) b
FULL JOIN (SELECT automatic_on AS day, sum(refund_fen) AS fen FROM aftersale.cases
  WHERE region_id = :region_id AND automatic_on IS NOT NULL GROUP BY 1) c ON c.day = b.day
WHERE coalesce(b.spent_fen, 0) <> coalesce(c.fen, 0)""")
PROOFS = {
    "what a case gave back and what its line says differ": REFUNDS,
    "what open cases claim of a line and what is held of it differ": HELD,
    "what decided cases gave back of a line and what is settled of it differ": SETTLED,
    "what was refunded automatically on a day and its budget differ": BUDGETS,
}


class NoSuchCase(NotFound):
    """There is no such case, or none that the asker may know of."""

    title = "没有这个售后单"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases a list is to show: those of a member or of stations, in a state, or late at an instant."""

    member_id: int | None = None
    station_ids: tuple[int, ...] | None = None
    state: CaseState | None = None
    overdue_at: datetime | None = None


def value_of(row: Case, photos: tuple[str, ...]) -> CaseValue:
    """Return a case's row as others see it."""
    plain = {name: getattr(row, name) for name in FIELDS}
    automatic = row.automatic_on is not None
    return CaseValue(**plain, state=CaseState(row.state), kind=Kind(row.kind), automatic=automatic, photos=photos)


async def with_photos(tx: Tx, rows: Sequence[Case]) -> list[CaseValue]:
    """Return cases with their photos."""
    photos = await photos_of_cases(tx, [row.id for row in rows])
    return [value_of(row, photos[row.id]) for row in rows]


async def case(tx: Tx, case_id: int) -> CaseValue:
    """Return a case of the region; refuses NoSuchCase."""
    return await _one(tx, case_id)


async def case_of_member(tx: Tx, case_id: int, member_id: int) -> CaseValue:
    """Return a member's case; refuses NoSuchCase, also for a neighbour's."""
    return await _one(tx, case_id, Case.member_id == member_id)


async def case_of_stations(tx: Tx, case_id: int, station_ids: Sequence[int]) -> CaseValue:
    """Return a case of some stations; refuses NoSuchCase, also for another station's."""
    return await _one(tx, case_id, Case.station_id.in_(station_ids))


async def _one(tx: Tx, case_id: int, *conditions: Any) -> CaseValue:
    row = await tx.first(select(Case).where(Case.region_id == tx.region_id, Case.id == case_id, *conditions))
    if row is None:
        raise NoSuchCase(f"no case {case_id}")
    return (await with_photos(tx, [row]))[0]


async def cases(tx: Tx, wanted: Wanted, *, after: int | None, limit: int) -> list[CaseValue]:
    """Return a page of cases, newest first, from the one after `after` on."""
    where: list[Any] = [Case.region_id == tx.region_id]
    if wanted.member_id is not None:
        where.append(Case.member_id == wanted.member_id)
    if wanted.station_ids is not None:
        where.append(Case.station_id.in_(wanted.station_ids))
    if wanted.state is not None:
        where.append(Case.state == wanted.state)
    if wanted.overdue_at is not None:
        where.append(_late(wanted.overdue_at))
    if after is not None:
        where.append(Case.id < after)
    return await with_photos(tx, await tx.all(select(Case).where(*where).order_by(Case.id.desc()).limit(limit)))


def _late(now: datetime) -> Any:
    unanswered = and_(Case.state == CaseState.OPENED, Case.answer_due_at < now)
    unpaid = and_(Case.waiting_since.is_(None), Case.refund_due_at < now)
    return and_(Case.state.in_(UNFINISHED), or_(unanswered, unpaid))


async def cases_of_member_since(tx: Tx, member_id: int, since: datetime) -> int:
    """Return how many cases a member opened since an instant."""
    here = (Case.region_id == tx.region_id, Case.member_id == member_id, Case.opened_at > since)
    return int(await tx.scalar(select(func.count()).select_from(Case).where(*here)))


async def cases_agree(tx: Tx) -> list[money.Difference]:
    """Compare cases with the refunds of lines, with what claims hold and settled, and with the daily budgets."""
    here = {"region_id": tx.region_id}
    return [
        money.Difference(words, str(row.id), row.ours, row.theirs)
        for words, statement in PROOFS.items()
        for row in await tx.execute(statement, here)
    ]


money.register_agreement("aftersale", cases_agree)

"""SQL of points: purses locked in one order, movements in batches, both in few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from linli.marketing.points.model import Movement, Part
from linli.marketing.points.records import PointsMovement, Purse
from linli.platform.database import Tx

EXPIRED_AT_ONCE = 2_000
BATCH = (
    "unnest(CAST(:members AS bigint[]), CAST(:days AS date[]), CAST(:points AS bigint[])) "
    "AS w (member_id, expires_on, points)"
)
TAKE = text(
    f"UPDATE marketing.purses AS p SET points = p.points - w.points FROM {BATCH} "
    "WHERE p.region_id = :region_id AND p.member_id = w.member_id AND p.expires_on = w.expires_on"
)
PUT = text(
    "INSERT INTO marketing.purses AS p (region_id, member_id, expires_on, points) "
    f"SELECT :region_id, w.member_id, w.expires_on, w.points FROM {BATCH} ORDER BY 2, 3 "
    "ON CONFLICT (region_id, member_id, expires_on) DO UPDATE SET points = p.points + excluded.points"
)

MOVE = text(
    "INSERT INTO marketing.point_movements "
    "(region_id, id, member_id, expires_on, points, kind, ref, order_id, fen, note, at, by) "
    "SELECT :region_id, r.id, r.member_id, r.expires_on, r.points, r.kind, r.ref, r.order_id, r.fen, r.note, :now, :by "
    "FROM json_to_recordset(CAST(:rows AS json)) AS r (id bigint, member_id bigint, expires_on date, points bigint, "
    "kind text, ref text, order_id bigint, fen bigint, note text)"
)


@dataclass(frozen=True, slots=True)
class Change:
    """Points that go into (or, below zero, out of) a member's purse, with the words of their movement."""

    member_id: int
    expires_on: date
    points: int
    kind: str
    ref: str
    order_id: int | None = None
    fen: int = 0
    note: str = ""


async def purses(tx: Tx, member_ids: Collection[int], today: date, *, lock: bool) -> dict[int, list[Part]]:
    """Return what members have that has not expired; locks the purses by member and day when asked."""
    here = (Purse.region_id == tx.region_id, Purse.member_id.in_(sorted(member_ids)), Purse.expires_on >= today)
    found = select(Purse.member_id, Purse.expires_on, Purse.points).where(*here)
    found = found.order_by(Purse.member_id, Purse.expires_on)
    had: dict[int, list[Part]] = {}
    for row in await tx.execute(found.with_for_update() if lock else found):
        had.setdefault(row.member_id, []).append(Part(row.expires_on, row.points))
    return had


async def lock_all(tx: Tx, member_ids: Collection[int]) -> None:
    """Lock all purses of members, expired ones too, by member and day."""
    here = (Purse.region_id == tx.region_id, Purse.member_id.in_(sorted(member_ids)))
    locked = select(Purse.points).where(*here).order_by(Purse.member_id, Purse.expires_on)
    await tx.execute(locked.with_for_update())


async def write(tx: Tx, changes: Sequence[Change]) -> None:
    """Write movements and carry them into their purses; a purse's CHECK has the last word."""
    if not changes:
        return
    for statement, sign in ((TAKE, -1), (PUT, 1)):
        summed: dict[tuple[int, date], int] = {}
        for change in changes:
            if change.points * sign > 0:
                purse = (change.member_id, change.expires_on)
                summed[purse] = summed.get(purse, 0) + abs(change.points)
        if summed:
            members, days = zip(*sorted(summed), strict=True)
            points = [summed[purse] for purse in sorted(summed)]
            batch = {"members": list(members), "days": list(days), "points": points}
            await tx.execute(statement, {"region_id": tx.region_id, **batch})
    ids = await tx.new_ids(len(changes))
    rows = [asdict(change) | {"id": each} for each, change in zip(ids, changes, strict=True)]
    whole = {"region_id": tx.region_id, "now": tx.now, "by": tx.by, "rows": msgspec.json.encode(rows).decode()}
    await tx.execute(MOVE, whole)


async def write_once(tx: Tx, change: Change) -> bool:
    """Write one movement into a purse unless its ref was answered before; False when it was."""
    row = asdict(change) | {"region_id": tx.region_id, "id": await tx.new_id(), "at": tx.now, "by": tx.by}
    fresh = insert(PointsMovement).values(**row).on_conflict_do_nothing().returning(PointsMovement.id)
    if (await tx.execute(fresh)).first() is None:
        return False
    batch = {"members": [change.member_id], "days": [change.expires_on], "points": [change.points]}
    await tx.execute(PUT, {"region_id": tx.region_id, **batch})
    return True


async def used_by(tx: Tx, order_ids: Collection[int]) -> list[tuple[int, int, str, date, int]]:
    """Return what orders spent and got back: (order, member, kind, last day, points above zero)."""
    kinds = (Movement.SPENT, Movement.GIVEN_BACK)
    here = (
        PointsMovement.region_id == tx.region_id, PointsMovement.order_id.in_(sorted(order_ids)),
        PointsMovement.kind.in_(kinds),
    )  # fmt: skip
    columns = (PointsMovement.order_id, PointsMovement.member_id, PointsMovement.kind, PointsMovement.expires_on)
    summed = select(*columns, func.abs(func.sum(PointsMovement.points))).where(*here).group_by(*columns)
    return [(row[0] or 0, row[1], row[2], row[3], int(row[4])) for row in await tx.execute(summed.order_by(*columns))]


async def earned_by(tx: Tx, order_id: int) -> dict[str, tuple[int, int]]:
    """Return what an order earned and lost again: kind → (points, fen), both as they were written."""
    kinds = (Movement.EARNED, Movement.TAKEN_BACK)
    here = (
        PointsMovement.region_id == tx.region_id, PointsMovement.order_id == order_id, PointsMovement.kind.in_(kinds),
    )  # fmt: skip
    sums = (func.sum(PointsMovement.points), func.sum(PointsMovement.fen))
    grouped = select(PointsMovement.kind, *sums).where(*here).group_by(PointsMovement.kind)
    return {row[0]: (int(row[1]), int(row[2])) for row in await tx.execute(grouped)}


async def member_of(tx: Tx, order_ids: Iterable[int]) -> set[int]:
    """Return the members whose points these orders moved."""
    here = (PointsMovement.region_id == tx.region_id, PointsMovement.order_id.in_(sorted(order_ids)))
    return set((await tx.execute(select(PointsMovement.member_id).where(*here).distinct())).scalars())


async def overdue(tx: Tx, today: date) -> list[tuple[int, Part]]:
    """Lock purses whose day is over and that are not empty, leaving those that somebody else empties."""
    due = (Purse.region_id == tx.region_id, Purse.expires_on < today, Purse.points > 0)
    chosen = select(Purse.member_id, Purse.expires_on, Purse.points).where(*due).limit(EXPIRED_AT_ONCE)
    chosen = chosen.order_by(Purse.member_id, Purse.expires_on).with_for_update(skip_locked=True)
    return [(row.member_id, Part(row.expires_on, row.points)) for row in await tx.execute(chosen)]

"""Statements of reconciliation: lines kept once, and the comparison as joins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from linli.money.reconciliation.records import BillRow, DifferenceRow
from linli.platform.database import Tx

KEEP = text("""
INSERT INTO money.bill_lines
  (region_id, id, channel, day, kind, number, row_no, of, provider_no, amount_fen, fee_fen, state, happened_at)
SELECT :region_id, r.id, :channel, :day, r.kind, r.number, r.row_no, r.of, r.provider_no, r.amount_fen, r.fee_fen,
  r.state, r.happened_at
FROM json_to_recordset(CAST(:rows AS json)) AS r (id bigint, kind text, number text, row_no bigint, of text,
  provider_no text, amount_fen bigint, fee_fen bigint, state text, happened_at timestamptz)
ON CONFLICT DO NOTHING RETURNING id""")
PAYMENTS = text("""
SELECT l.id, l.kind, l.number, l.provider_no, l.amount_fen, l.fee_fen, l.state AS said, l.happened_at,
  CASE WHEN a.channel = l.channel THEN a.state END AS ours, a.amount_fen AS ours_fen, c.id AS ref_id, c.cycle_id,
  c.station_id
FROM money.bill_lines l
LEFT JOIN money.charge_attempts a ON a.region_id = l.region_id AND a.id = l.row_no
  AND a.biz_date = date '2020-01-01' + ((l.row_no >> 29) & 16383)::int
LEFT JOIN money.charges c ON c.region_id = a.region_id AND c.biz_date = a.biz_date AND c.id = a.charge_id
WHERE l.region_id = :region_id AND l.channel = :channel AND l.day = :day AND l.kind = 'payment' AND l.id > :after
ORDER BY l.id LIMIT :page""")
REFUNDS = text("""
SELECT l.id, l.kind, l.number, l.provider_no, l.amount_fen, l.fee_fen, l.state AS said, l.happened_at,
  CASE WHEN r.channel = l.channel THEN r.state END AS ours, r.amount_fen AS ours_fen, r.id AS ref_id, r.cycle_id,
  r.station_id
FROM money.bill_lines l
LEFT JOIN money.refunds r ON r.region_id = l.region_id AND r.id = l.row_no
WHERE l.region_id = :region_id AND l.channel = :channel AND l.day = :day AND l.kind = 'refund' AND l.id > :after
ORDER BY l.id LIMIT :page""")
NOT_IN_BILL = text("""
SELECT 'payment' AS kind, c.paid_attempt_id::text AS number, c.paid_fen AS fen FROM money.charges c
WHERE c.region_id = :region_id AND c.channel = :channel AND c.paid_at >= :since AND c.paid_at < :until
  AND NOT EXISTS (SELECT FROM money.bill_lines l WHERE l.region_id = c.region_id AND l.channel = c.channel
    AND l.kind = 'payment' AND l.number = c.paid_attempt_id::text)
UNION ALL
SELECT 'refund', CASE WHEN r.round = 1 THEN r.id::text ELSE r.id || '-' || r.round END, r.amount_fen
FROM money.refunds r
WHERE r.region_id = :region_id AND r.channel = :channel AND r.state = 'done' AND r.paid_back_by = ''
  AND r.done_at >= :since AND r.done_at < :until
  AND NOT EXISTS (SELECT FROM money.bill_lines l WHERE l.region_id = r.region_id AND l.channel = r.channel
    AND l.kind = 'refund' AND l.row_no = r.id)
ORDER BY 1, 2""")
CAME_AFTER_ALL = text("""
SELECT d.id FROM money.bill_differences d
JOIN money.bill_lines l ON l.region_id = d.region_id AND l.channel = d.channel AND l.kind = d.kind
  AND l.number = d.number
WHERE d.region_id = :region_id AND d.channel = :channel AND d.cause = 'missing_there' AND d.state <> 'settled'
ORDER BY d.id""")
FIND = text("""
INSERT INTO money.bill_differences (region_id, id, state, channel, day, kind, number, cause, detail, ours_fen,
  theirs_fen, made_at, ended_at, ended_by, note)
SELECT :region_id, r.id, 'open', :channel, :day, r.kind, r.number, r.cause, r.detail, r.ours_fen, r.theirs_fen,
  CAST(:now AS timestamptz), NULL, '', ''
FROM json_to_recordset(CAST(:rows AS json)) AS r (id bigint, kind text, number text, cause text, detail text,
  ours_fen bigint, theirs_fen bigint)
ON CONFLICT DO NOTHING RETURNING id, kind, number, cause""")


async def want(tx: Tx, channel: str, day: date) -> bool:
    """Note that a bill is wanted; False when it was before."""
    row = {
        "region_id": tx.region_id, "channel": channel, "day": day, "digest": "", "lines": 0, "wanted_at": tx.now,
        "done_at": None,
    }  # fmt: skip
    added = insert(BillRow).values(row).on_conflict_do_nothing().returning(BillRow.day)
    return (await tx.execute(added)).first() is not None


async def end_bill(tx: Tx, channel: str, day: date, digest: str, lines: int) -> None:
    """Note that a bill is dealt with in this region."""
    row = {
        "region_id": tx.region_id, "channel": channel, "day": day, "digest": digest, "lines": lines,
        "wanted_at": tx.now, "done_at": tx.now,
    }  # fmt: skip
    write = insert(BillRow).values(row)
    changed = {name: write.excluded[name] for name in ("digest", "lines", "done_at")}
    await tx.execute(write.on_conflict_do_update(index_elements=["region_id", "channel", "day"], set_=changed))


async def bills_to_compare(tx: Tx, limit: int) -> list[Row[Any]]:
    """Return the bills that were taken in and not compared in this region since, oldest first."""
    taken_in = select(BillRow.channel, BillRow.day, BillRow.digest, BillRow.lines, BillRow.done_at)
    everywhere = await tx.execute(taken_in.where(BillRow.region_id == 0, BillRow.done_at.is_not(None)))
    here = await tx.execute(taken_in.where(BillRow.region_id == tx.region_id))
    compared = {(row.channel, row.day): row for row in here}
    due = [
        row for row in everywhere
        if (before := compared.get((row.channel, row.day))) is None or before.digest != row.digest
    ]  # fmt: skip
    return sorted(due, key=lambda row: (row.day, row.channel))[:limit]


async def keep_lines(tx: Tx, channel: str, day: date, rows: Sequence[dict[str, Any]]) -> int:
    """Insert lines that are not kept; returns how many were new."""
    ids = await tx.new_ids(len(rows))
    named = [{**row, "id": id} for id, row in zip(ids, rows, strict=True)]
    given = {"region_id": tx.region_id, "channel": channel, "day": day, "rows": msgspec.json.encode(named).decode()}
    return len((await tx.execute(KEEP, given)).all())


async def page_of(tx: Tx, channel: str, day: date, kind: str, after: int, page: int) -> Sequence[Row[Any]]:
    """Return lines of a day beside what we know of their numbers, after a line's id."""
    given = {"region_id": tx.region_id, "channel": channel, "day": day, "after": after, "page": page}
    return (await tx.execute(PAYMENTS if kind == "payment" else REFUNDS, given)).all()


async def not_in_bill(tx: Tx, channel: str, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """Return what we know as paid or given back between two instants and no bill names."""
    given = {"region_id": tx.region_id, "channel": channel, "since": since, "until": until}
    return (await tx.execute(NOT_IN_BILL, given)).all()


async def came_after_all(tx: Tx, channel: str) -> list[int]:
    """Return open differences whose missing line stands in a bill by now."""
    return [row[0] for row in await tx.execute(CAME_AFTER_ALL, {"region_id": tx.region_id, "channel": channel})]


async def add_differences(tx: Tx, channel: str, day: date, found: Sequence[dict[str, Any]]) -> Sequence[Row[Any]]:
    """Insert differences that are not known; returns the new ones."""
    if not found:
        return []
    named = [{**each, "id": id} for id, each in zip(await tx.new_ids(len(found)), found, strict=True)]
    given = {
        "region_id": tx.region_id, "channel": channel, "day": day, "now": tx.now,
        "rows": msgspec.json.encode(named).decode(),
    }  # fmt: skip
    return (await tx.execute(FIND, given)).all()


async def difference_row(tx: Tx, difference_id: int) -> DifferenceRow | None:
    """Return a difference."""
    here = (DifferenceRow.region_id == tx.region_id, DifferenceRow.id == difference_id)
    return await tx.first(select(DifferenceRow).where(*here))


async def note_end(tx: Tx, ids: Sequence[int], note: str) -> None:
    """Write who brought differences to their end, and why."""
    here = (DifferenceRow.region_id == tx.region_id, DifferenceRow.id.in_(ids))
    await tx.execute(update(DifferenceRow).where(*here).values(ended_at=tx.now, ended_by=tx.by, note=note[:500]))

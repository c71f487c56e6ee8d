"""Statements that keep messages of providers and write their verdicts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, text, tuple_, update

from linli.money.notice.model import Answer, Arrived, Verdict
from linli.money.notice.records import RawNoticeRow
from linli.platform.database import Tx

KEEP = text("""
INSERT INTO money.raw_notices
  (region_id, id, channel, notice_id, digest, headers, body, told, received_at, verdict, judged_at)
SELECT :region_id, r.id, r.channel, r.notice_id, r.digest, r.headers, decode(r.body, 'hex'), r.told,
  CAST(:now AS timestamptz), r.verdict, CASE WHEN r.verdict <> '' THEN CAST(:now AS timestamptz) END
FROM json_to_recordset(CAST(:rows AS json))
  AS r (id bigint, channel text, notice_id text, digest text, headers jsonb, body text, told jsonb, verdict text)
ON CONFLICT DO NOTHING RETURNING channel, notice_id, digest, id, verdict""")


async def keep(tx: Tx, arrived: Sequence[Arrived]) -> list[tuple[int, str]]:
    """Insert messages, each unless the same one is kept; returns row id and verdict (empty while none) of each."""
    ids = await tx.new_ids(len(arrived))
    digests = [hashlib.sha256(each.raw.body).hexdigest() for each in arrived]
    rows = [
        {
            "id": id, "channel": each.raw.channel, "notice_id": each.raw.notice_id, "digest": digest,
            "headers": each.raw.headers, "body": each.raw.body.hex(), "verdict": each.verdict or "",
            "told": each.told,
        }
        for id, digest, each in zip(ids, digests, arrived, strict=True)
    ]  # fmt: skip
    given = {"region_id": tx.region_id, "now": tx.now, "rows": msgspec.json.encode(rows).decode()}
    found = {(row.channel, row.notice_id, row.digest): row for row in await tx.execute(KEEP, given)}
    if len(found) < len(rows):
        missing = [row for row in rows if (row["channel"], row["notice_id"], row["digest"]) not in found]
        found |= await _kept_before(tx, missing)
    names = [(row["channel"], row["notice_id"], row["digest"]) for row in rows]
    return [(found[name].id, found[name].verdict) for name in names]


async def _kept_before(tx: Tx, rows: Sequence[dict[str, Any]]) -> dict[Any, Any]:
    row = RawNoticeRow
    name = tuple_(row.channel, row.notice_id, row.digest)
    here = (
        row.region_id == tx.region_id,
        name.in_([(each["channel"], each["notice_id"], each["digest"]) for each in rows]),
    )
    wanted = select(row.channel, row.notice_id, row.digest, row.id, row.verdict).where(*here)
    return {(each.channel, each.notice_id, each.digest): each for each in await tx.execute(wanted)}


async def locked_unjudged(tx: Tx, notice_row_id: int) -> Answer | None:
    """Lock a kept message that has no verdict yet and return what it says; None when it was judged."""
    here = (RawNoticeRow.region_id == tx.region_id, RawNoticeRow.id == notice_row_id, RawNoticeRow.verdict == "")
    told = (await tx.execute(select(RawNoticeRow.told).where(*here).with_for_update())).scalar()
    return None if told is None else msgspec.convert(told, Answer)


async def write_verdict(tx: Tx, notice_row_id: int, verdict: Verdict) -> None:
    """Write the verdict on a kept message."""
    here = (RawNoticeRow.region_id == tx.region_id, RawNoticeRow.id == notice_row_id)
    await tx.execute(update(RawNoticeRow).where(*here).values(verdict=verdict.value, judged_at=tx.now))


async def locked_lying(tx: Tx, before: datetime, limit: int) -> dict[int, Answer]:
    """Lock messages received before an instant that have no verdict; two workers take different ones."""
    here = (RawNoticeRow.region_id == tx.region_id, RawNoticeRow.verdict == "", RawNoticeRow.received_at <= before)
    found = select(RawNoticeRow.id, RawNoticeRow.told).where(*here).order_by(RawNoticeRow.id).limit(limit)
    rows = await tx.execute(found.with_for_update(skip_locked=True))
    return {row.id: msgspec.convert(row.told, Answer) for row in rows}


async def write_verdicts(tx: Tx, verdicts: Mapping[int, Verdict]) -> None:
    """Write the verdicts on kept messages, one statement for each kind of verdict."""
    by_verdict: dict[Verdict, list[int]] = {}
    for row_id, verdict in verdicts.items():
        by_verdict.setdefault(verdict, []).append(row_id)
    for verdict, ids in by_verdict.items():
        here = (RawNoticeRow.region_id == tx.region_id, RawNoticeRow.id.in_(ids))
        await tx.execute(update(RawNoticeRow).where(*here).values(verdict=verdict.value, judged_at=tx.now))

"""Statements that keep messages of providers and write their verdicts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from linli.money.notice.model import Answer, RawNotice, Verdict
from linli.money.notice.records import RawNoticeRow
from linli.platform.database import Tx


async def keep(tx: Tx, raw: RawNotice, told: Answer | None, verdict: Verdict | None) -> tuple[int, str]:
    """Insert a message unless the same one is kept; returns its row's id and verdict (empty while there is none)."""
    digest = hashlib.sha256(raw.body).hexdigest()
    content = None if told is None else msgspec.to_builtins(asdict(told))
    row = {
        "region_id": tx.region_id, "id": await tx.new_id(), "channel": raw.channel, "notice_id": raw.notice_id,
        "digest": digest, "headers": raw.headers, "body": raw.body, "told": content,
        "received_at": tx.now, "verdict": verdict or "", "judged_at": tx.now if verdict else None,
    }  # fmt: skip
    added = insert(RawNoticeRow).values(row).on_conflict_do_nothing().returning(RawNoticeRow.id, RawNoticeRow.verdict)
    found = (await tx.execute(added)).first()
    if found is None:
        same = (
            RawNoticeRow.channel == raw.channel,
            RawNoticeRow.notice_id == raw.notice_id,
            RawNoticeRow.digest == digest,
        )
        here = (RawNoticeRow.region_id == tx.region_id, *same)
        found = (await tx.execute(select(RawNoticeRow.id, RawNoticeRow.verdict).where(*here))).one()
    return found.id, found.verdict


async def locked_unjudged(tx: Tx, notice_row_id: int) -> Answer | None:
    """Lock a kept message that has no verdict yet and return what it says; None when it was judged."""
    here = (RawNoticeRow.region_id == tx.region_id, RawNoticeRow.id == notice_row_id, RawNoticeRow.verdict == "")
    told = (await tx.execute(select(RawNoticeRow.told).where(*here).with_for_update())).scalar()
    return None if told is None else msgspec.convert(told, Answer)


async def write_verdict(tx: Tx, notice_row_id: int, verdict: Verdict) -> None:
    """Write the verdict on a kept message."""
    here = (RawNoticeRow.region_id == tx.region_id, RawNoticeRow.id == notice_row_id)
    await tx.execute(update(RawNoticeRow).where(*here).values(verdict=verdict.value, judged_at=tx.now))


async def unjudged(tx: Tx, before: datetime, limit: int) -> Sequence[Any]:
    """Return the ids of messages received before an instant that still have no verdict."""
    here = (RawNoticeRow.region_id == tx.region_id, RawNoticeRow.verdict == "", RawNoticeRow.received_at <= before)
    return [
        row[0] for row in await tx.execute(select(RawNoticeRow.id).where(*here).order_by(RawNoticeRow.id).limit(limit))
    ]

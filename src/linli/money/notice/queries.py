"""What an operator sees of the messages of payment providers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from linli.money.notice.model import Verdict
from linli.money.notice.records import RawNoticeRow
from linli.platform.database import Tx


async def notices(tx: Tx, *, verdicts: Sequence[Verdict], after: int, limit: int) -> Sequence[RawNoticeRow]:
    """Return kept messages with one of the verdicts, oldest first, after a row id."""
    named = [verdict.value for verdict in verdicts]
    here = (RawNoticeRow.region_id == tx.region_id, RawNoticeRow.verdict.in_(named), RawNoticeRow.id > after)
    return await tx.all(select(RawNoticeRow).where(*here).order_by(RawNoticeRow.id).limit(limit))

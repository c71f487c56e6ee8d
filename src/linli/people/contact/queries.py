"""The inbox as its owner reads it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from linli.people.contact.records import NoticeRow
from linli.platform.database import Tx


async def inbox(tx: Tx, recipients: Sequence[str], *, before: int | None, limit: int) -> list[NoticeRow]:
    """Return the recipients' messages, newest first, from below an id on."""
    mine = [NoticeRow.region_id == tx.region_id, NoticeRow.recipient.in_(recipients)]
    if before is not None:
        mine.append(NoticeRow.id < before)
    return list(await tx.all(select(NoticeRow).where(*mine).order_by(NoticeRow.id.desc()).limit(limit)))


async def unread(tx: Tx, recipients: Sequence[str]) -> int:
    """Return how many messages the recipients have not read."""
    mine = (NoticeRow.region_id == tx.region_id, NoticeRow.recipient.in_(recipients), NoticeRow.read_at.is_(None))
    return int(await tx.scalar(select(func.count()).select_from(NoticeRow).where(*mine)))

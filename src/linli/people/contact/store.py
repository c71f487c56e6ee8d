"""SQL of the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, update

from linli.people.contact.records import NoticeRow
from linli.platform.database import Tx


async def add_notices(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Insert messages of the region in one statement."""
    if rows:
        await tx.execute(insert(NoticeRow), [{"region_id": tx.region_id, **row} for row in rows])


async def mark_read(tx: Tx, recipients: Sequence[str], upto: int) -> int:
    """Mark the recipients' unread messages up to an id as read; returns how many."""
    mine = (NoticeRow.region_id == tx.region_id, NoticeRow.recipient.in_(recipients))
    unread = update(NoticeRow).where(*mine, NoticeRow.id <= upto, NoticeRow.read_at.is_(None))
    return len((await tx.execute(unread.values(read_at=tx.now).returning(NoticeRow.id))).all())

"""The store of answers: the same key with the same request is answered as before, with another request it is
refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, Text, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from linli.kernel.refusals import Conflict
from linli.platform.database import Tx
from linli.platform.manifest import Base, Moment, RegionId, table

LIFETIME = timedelta(hours=24)


class Answer(Base):
    """The stored answer to one write request of one caller."""

    __tablename__ = "answers"
    region_id: Mapped[RegionId]
    caller: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[Moment]
    status: Mapped[int] = mapped_column(Integer, default=0)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (Index(None, "region_id", "made_at"), table("platform", "region"))


class IdempotencyKeyReused(Conflict):
    """The Idempotency-Key was used before with another request."""

    title = "幂等键已用于另一个请求"


async def claim(tx: Tx, *, caller: str, key: str, request: bytes) -> Any | None:
    """Claim a key for this transaction; returns the stored answer when the request was answered before; waits for a
    twin in flight; refuses IdempotencyKeyReused."""
    row = {"region_id": tx.region_id, "caller": caller, "key": key, "request": request, "made_at": tx.now, "status": 0}
    fresh = insert(Answer).values(**row).on_conflict_do_nothing().returning(Answer.key)
    if (await tx.execute(fresh)).first() is not None:
        return None
    where = (Answer.region_id == tx.region_id, Answer.caller == caller, Answer.key == key)
    found = (await tx.execute(select(Answer.request, Answer.status, Answer.body, Answer.made_at).where(*where))).one()
    if bytes(found.request) != request:
        raise IdempotencyKeyReused(key=key)
    return found


async def keep(tx: Tx, *, caller: str, key: str, status: int, body: bytes) -> None:
    """Store the answer under its claimed key, in the transaction that did the work."""
    where = (Answer.region_id == tx.region_id, Answer.caller == caller, Answer.key == key)
    await tx.execute(update(Answer).where(*where).values(status=status, body=body))


async def forget(tx: Tx, *, before: datetime | None = None) -> int:
    """Delete this region's answers older than 24 hours; returns how many."""
    limit = before or tx.now - LIFETIME
    gone = await tx.execute(delete(Answer).where(Answer.region_id == tx.region_id, Answer.made_at < limit))
    return int(gone.rowcount)  # type: ignore[attr-defined]

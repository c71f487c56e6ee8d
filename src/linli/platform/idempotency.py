"""The store of answers: the same key with the same request is answered as before, with another request it is
refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Index, Integer, LargeBinary, Text, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.kernel.refusals import Conflict
from linli.platform.database import Hot, Tx
from linli.platform.manifest import Base, Moment, RegionId, table

LIFETIME = timedelta(hours=24)
STORED = Hot(
    "SELECT a.caller, a.key, a.request, a.body FROM platform.answers AS a "
    "JOIN json_to_recordset(CAST(:rows AS json)) AS w (caller text, key text) "
    "ON a.caller = w.caller AND a.key = w.key WHERE a.region_id = :region_id"
)
KEEP = Hot(
    "INSERT INTO platform.answers (region_id, caller, key, request, made_at, status, body) "
    "SELECT :region_id, w.caller, w.key, decode(w.request, 'hex'), :now, 200, convert_to(w.body, 'UTF8') "
    "FROM json_to_recordset(CAST(:rows AS json)) AS w (caller text, key text, request text, body text) "
    "ON CONFLICT DO NOTHING RETURNING 1"
)


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


# Run by every write of the house, so they are plain text: building a statement anew costs as much as running it.
CLAIM_ONE = text(
    "INSERT INTO platform.answers (region_id, caller, key, request, made_at, status) "
    "VALUES (:region_id, :caller, :key, :request, :now, 0) ON CONFLICT DO NOTHING RETURNING key"
)
KEEP_ONE = text(
    "UPDATE platform.answers SET status = :status, body = :body "
    "WHERE region_id = :region_id AND caller = :caller AND key = :key"
)


class IdempotencyKeyReused(Conflict):
    """The Idempotency-Key was used before with another request."""

    title = "幂等键已用于另一个请求"


async def claim(tx: Tx, *, caller: str, key: str, request: bytes) -> Any | None:
    """Claim a key for this transaction; returns the stored answer when the request was answered before; waits for a
    twin in flight; refuses IdempotencyKeyReused."""
    row = {"region_id": tx.region_id, "caller": caller, "key": key, "request": request, "now": tx.now}
    if (await tx.execute(CLAIM_ONE, row)).first() is not None:
        return None
    where = (Answer.region_id == tx.region_id, Answer.caller == caller, Answer.key == key)
    found = (await tx.execute(select(Answer.request, Answer.status, Answer.body, Answer.made_at).where(*where))).one()
    if bytes(found.request) != request:
        raise IdempotencyKeyReused(key=key)
    return found


async def keep(tx: Tx, *, caller: str, key: str, status: int, body: bytes) -> None:
    """Store the answer under its claimed key, in the transaction that did the work."""
    row = {"region_id": tx.region_id, "caller": caller, "key": key, "status": status, "body": body}
    await tx.execute(KEEP_ONE, row)


async def stored_answers(tx: Tx, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[bytes, bytes]]:
    """Return the request and the answer of those (caller, key) that were answered before."""
    rows = msgspec.json.encode([{"caller": caller, "key": key} for caller, key in keys]).decode()
    found = await tx.quick(STORED, {"region_id": tx.region_id, "rows": rows})
    return {(row[0], row[1]): (bytes(row[2]), bytes(row[3] or b"")) for row in found}


async def keep_answers(tx: Tx, answers: Sequence[tuple[str, str, bytes, bytes]]) -> bool:
    """Store many answers as (caller, key, request, body), in the transaction that did their work, in order of key.

    False when another transaction has stored one of the keys meanwhile: this one must then be rolled back.
    """
    if not answers:
        return True
    rows = [
        {"caller": caller, "key": key, "request": request.hex(), "body": body.decode()}
        for caller, key, request, body in sorted(answers)
    ]
    encoded = msgspec.json.encode(rows).decode()
    done = await tx.quick(KEEP, {"region_id": tx.region_id, "now": tx.now, "rows": encoded})
    return len(done) == len(answers)


async def forget(tx: Tx, *, before: datetime | None = None) -> int:
    """Delete this region's answers older than 24 hours; returns how many."""
    limit = before or tx.now - LIFETIME
    gone = await tx.execute(delete(Answer).where(Answer.region_id == tx.region_id, Answer.made_at < limit))
    return int(gone.rowcount)  # type: ignore[attr-defined]

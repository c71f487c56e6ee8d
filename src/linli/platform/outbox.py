"""The outbox of a region: facts and wishes written with the change they belong to, and what has been done about
them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Boolean, Index, Text, func, insert, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from linli.kernel.facts import Fact, Wish
from linli.platform.database import Hot, Tx
from linli.platform.manifest import Base, Count, Json, MaybeMoment, Moment, RegionId, RowId, table

F = TypeVar("F", bound=Fact)
Reaction = Callable[[Tx, Any], Awaitable[None]]
PATIENCE = 5
LOST_AFTER = timedelta(minutes=10)
reactions: dict[str, list[Reaction]] = {}
WRITE_FACTS = Hot(
    "INSERT INTO platform.outbox "
    "(region_id, id, kind, name, payload, status, made_at, by, due_at, attempts, error, done_at) "
    "SELECT :region_id, r.id, 'fact', r.name, r.payload, r.status, :now, r.by, :now, 0, '', "
    "CASE WHEN r.status = 'done' THEN CAST(:now AS timestamptz) END FROM json_to_recordset(CAST(:rows AS json)) "
    "AS r (id bigint, name text, payload jsonb, status text, by text)"
)


class OutboxRow(Base):
    """A fact or a wish; pending until every reaction was run or the job carried it out, parked when that failed too
    often."""

    __tablename__ = "outbox"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(Text)  # fact | wish
    name: Mapped[str] = mapped_column(Text)
    payload: Mapped[Json]
    status: Mapped[str] = mapped_column(Text)  # pending | queued | done | parked
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    due_at: Mapped[Moment]
    attempts: Mapped[Count] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[MaybeMoment]
    __table_args__ = (
        Index("ix_outbox_open", "region_id", "due_at", "id", postgresql_where=text("status IN ('pending', 'queued')")),
        Index("ix_outbox_parked", "region_id", "id", postgresql_where=text("status = 'parked'")),
        table("platform", "region"),
    )


class ReactionRow(Base):
    """That one reaction to one fact is done: the key that makes twice once."""

    __tablename__ = "reactions"
    region_id: Mapped[RegionId]
    fact_id: Mapped[RowId]
    reaction: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[Moment]
    done: Mapped[bool] = mapped_column(Boolean, default=True)
    __table_args__ = (table("platform", "region"),)


WRITE = insert(OutboxRow.__table__)  # type: ignore[arg-type]  # a mapped class has a Table here
# A row that another runner has locked is not waited for: that runner ends it.
BEGIN_REACTION = text(
    "WITH mine AS (SELECT id FROM platform.outbox WHERE region_id = :region_id AND id = :row_id AND status = 'pending' "
    "FOR UPDATE SKIP LOCKED), noted AS (INSERT INTO platform.reactions (region_id, fact_id, reaction, at, done) "
    "SELECT CAST(:region_id AS integer), id, CAST(:reaction AS text), CAST(:at AS timestamptz), true FROM mine "
    "ON CONFLICT DO NOTHING RETURNING fact_id) "
    "SELECT EXISTS (SELECT 1 FROM mine) AS mine, EXISTS (SELECT 1 FROM noted) AS first"
)
MARK_DONE = text(
    "UPDATE platform.outbox SET status = 'done', done_at = :at WHERE region_id = :region_id AND id = :row_id"
)
MARK_QUEUED = text(
    "UPDATE platform.outbox AS o SET status = 'queued', due_at = :at "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS integer[])) AS d(id, attempts) "
    "WHERE o.region_id = :region_id AND o.id = d.id AND o.status = 'pending' AND o.attempts = d.attempts"
)


def when(fact: type[F]) -> Callable[[Callable[[Tx, F], Awaitable[None]]], Callable[[Tx, F], Awaitable[None]]]:
    """Register a reaction: it runs once per fact, in a transaction of its own, soon after the fact was committed."""

    def register(reaction: Callable[[Tx, F], Awaitable[None]]) -> Callable[[Tx, F], Awaitable[None]]:
        listed = reactions.setdefault(fact.name, [])
        if reaction_name(reaction) not in map(reaction_name, listed):
            listed.append(reaction)
        return reaction

    return register


def reaction_name(reaction: Reaction) -> str:
    """Return the stable name under which a reaction's completion is kept."""
    return f"{reaction.__module__.rsplit('.', 1)[-1]}.{reaction.__name__}"


async def write_facts(tx: Tx, facts: Sequence[Fact]) -> None:
    """Insert facts; one that nobody reacts to is written as done, so that it can still be read and replayed."""
    await _write(tx, "fact", [(fact, _status(fact)) for fact in facts], tx.now)


async def write_facts_by(tx: Tx, facts: Sequence[tuple[Fact, str]]) -> None:
    """Insert the facts of a batch in one statement, each with who caused it."""
    if not facts:
        return
    ids = await tx.new_ids(len(facts))
    rows = [
        {"id": id, "name": fact.name, "payload": fact, "by": by, "status": _status(fact)}
        for id, (fact, by) in zip(ids, facts, strict=True)
    ]
    encoded = msgspec.json.encode(rows).decode()
    await tx.quick(WRITE_FACTS, {"region_id": tx.region_id, "now": tx.now, "rows": encoded})


def _status(fact: Fact) -> str:
    return "pending" if reactions.get(fact.name) else "done"


async def write_wishes(tx: Tx, wishes: Sequence[Wish], due_at: datetime | None) -> None:
    """Insert wishes that become jobs at `due_at` (UTC; at once when None)."""
    await _write(tx, "wish", [(w, "pending") for w in wishes], due_at or tx.now)


async def _write(tx: Tx, kind: str, things: Sequence[tuple[Any, str]], due_at: datetime) -> None:
    if not things:
        return
    ids = await tx.new_ids(len(things))
    rows = [
        {
            "region_id": tx.region_id, "id": id, "kind": kind, "name": thing.name,
            "payload": msgspec.to_builtins(asdict(thing)), "status": status, "made_at": tx.now,
            "by": tx.by, "due_at": due_at, "attempts": 0, "error": "", "done_at": tx.now if status == "done" else None,
        }
        for id, (thing, status) in zip(ids, things, strict=True)
    ]  # fmt: skip
    await tx.execute(WRITE, rows)


def decode(row: Any) -> Any:
    """Turn an outbox row back into its Fact or Wish."""
    registry: dict[str, Any] = Fact.registry if row.kind == "fact" else Wish.registry
    return msgspec.convert(row.payload, registry[row.name], strict=False)


async def due_rows(tx: Tx, limit: int = 200) -> list[OutboxRow]:
    """Return pending rows of the region that are due, oldest first."""
    due = (OutboxRow.region_id == tx.region_id, OutboxRow.status == "pending", OutboxRow.due_at <= tx.now)
    return list(await tx.all(select(OutboxRow).where(*due).order_by(OutboxRow.id).limit(limit)))


async def regions_with_due(tx: Tx) -> list[int]:
    """Return the regions that have rows to run now."""
    due = (OutboxRow.status == "pending", OutboxRow.due_at <= tx.now)
    found = await tx.execute(select(OutboxRow.region_id).where(*due).distinct().order_by(OutboxRow.region_id))
    return [row[0] for row in found]


async def begin_reaction(tx: Tx, row_id: int, reaction: str) -> tuple[bool, bool]:
    """Lock a pending row for one reaction and note that it is being run.

    Returns whether the row is ours (no other runner has it, and it is not done), and whether this is the first time.
    """
    given = {"region_id": tx.region_id, "row_id": row_id, "reaction": reaction, "at": tx.now}
    mine, first = (await tx.execute(BEGIN_REACTION, given)).one()
    return mine, first


async def wished_row(tx: Tx, row_id: int) -> OutboxRow | None:
    """Lock a wish that is to be carried out, waiting for a runner that is just marking it queued; None when it was."""
    where = (OutboxRow.region_id == tx.region_id, OutboxRow.id == row_id, OutboxRow.status.in_(("pending", "queued")))
    return await tx.first(select(OutboxRow).where(*where).with_for_update())


async def mark_done(tx: Tx, row_id: int) -> None:
    """Set a row done."""
    await tx.execute(MARK_DONE, {"region_id": tx.region_id, "row_id": row_id, "at": tx.now})


async def mark_queued(tx: Tx, read: dict[int, int]) -> None:
    """Set wishes queued from now on; `read` are the failures that each row's reader had seen counted.

    A job that was quicker than its queueing keeps what it wrote.
    """
    given = {"region_id": tx.region_id, "ids": list(read), "attempts": list(read.values()), "at": tx.now}
    await tx.execute(MARK_QUEUED, given)


async def requeue_lost(tx: Tx) -> int:
    """Put wishes back to pending whose job was queued ten minutes ago and never ended: its worker was killed; returns
    how many."""
    lost = (OutboxRow.region_id == tx.region_id, OutboxRow.status == "queued", OutboxRow.due_at < tx.now - LOST_AFTER)
    again = update(OutboxRow).where(*lost).values(status="pending").returning(OutboxRow.id)
    return len((await tx.execute(again)).all())


async def note_failure(tx: Tx, row_id: int, error: str, patience: int) -> str:
    """Count a failure: the row comes back after 2, 4, 8 … seconds (an hour at most), or is parked when patience ends;
    returns its status."""
    where = (OutboxRow.region_id == tx.region_id, OutboxRow.id == row_id)
    attempts = int(await tx.scalar(select(OutboxRow.attempts).where(*where).with_for_update())) + 1
    status = "parked" if attempts >= patience else "pending"
    later = tx.now + timedelta(seconds=min(2**attempts, 3600))
    values = {"attempts": attempts, "error": error[:2000], "due_at": later, "status": status}
    await tx.execute(update(OutboxRow).where(*where).values(**values))
    return status


async def parked(tx: Tx, limit: int = 100) -> list[OutboxRow]:
    """Return what was parked in this region, newest first."""
    where = (OutboxRow.region_id == tx.region_id, OutboxRow.status == "parked")
    return list(await tx.all(select(OutboxRow).where(*where).order_by(OutboxRow.id.desc()).limit(limit)))


async def release(tx: Tx, row_id: int) -> bool:
    """Put a parked row back to pending with fresh patience; False when it is not parked."""
    where = (OutboxRow.region_id == tx.region_id, OutboxRow.id == row_id, OutboxRow.status == "parked")
    values = {"status": "pending", "attempts": 0, "due_at": tx.now}
    return (
        await tx.execute(update(OutboxRow).where(*where).values(**values).returning(OutboxRow.id))
    ).first() is not None


async def counts(tx: Tx) -> dict[tuple[str, str], int]:
    """Return how many open and parked rows there are over all regions, by kind and status, for the metrics."""
    grouped = select(OutboxRow.kind, OutboxRow.status, func.count()).where(OutboxRow.status != "done")
    found = await tx.execute(grouped.group_by(OutboxRow.kind, OutboxRow.status))
    return {(row[0], row[1]): row[2] for row in found}

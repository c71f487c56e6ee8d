"""The one way a state changes: a declared move, compare-and-set in the database, with a line of history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Index, Text, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from linli.kernel.machine import Machine
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.platform.manifest import Base, RegionId, RowId, table


class MoveLine(Base):
    """One line of history: which thing moved, by which verb, from where to where, by whom, when and why."""

    __tablename__ = "moves"
    region_id: Mapped[RegionId]
    thing_id: Mapped[RowId]
    id: Mapped[RowId]
    machine: Mapped[str] = mapped_column(Text)
    verb: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    __table_args__ = (Index(None, "region_id", "thing_id"), table("platform", "region", append_only=True))


class NoSuchThing(NotFound):
    """What was to be moved does not exist in this region."""

    title = "没有找到"


async def move(
    tx: Tx,
    record: Any,
    machine: Machine[Any],
    verb: str,
    *,
    key: dict[str, Any],
    values: dict[str, Any] | None = None,
    reason: str = "",
) -> bool:
    """Move one row (`key` names it beside the region) by a verb; True when it moved, False when it already was there;
    refuses WrongState and NoSuchThing."""
    match = [getattr(record, name) == value for name, value in key.items()]
    here = record.region_id == tx.region_id
    state = await tx.scalar(select(record.state).where(here, *match).with_for_update())
    if state is None:
        raise NoSuchThing(f"no {machine.name} {key}")
    step = machine.check(state, verb)
    if step.quiet:
        return False
    await tx.execute(update(record).where(here, *match).values(state=step.target, **(values or {})))
    await _write_lines(tx, machine, verb, [(key["id"], state)], step.target, reason)
    return True


async def move_many(
    tx: Tx,
    record: Any,
    machine: Machine[Any],
    verb: str,
    *where: Any,
    values: dict[str, Any] | None = None,
    reason: str = "",
) -> list[int]:
    """Move every row of this region that matches and stands in an origin of the verb; returns their ids in ascending
    order."""
    origins = machine.origins(verb)
    here = (record.region_id == tx.region_id, record.state.in_(origins), *where)
    found = (await tx.execute(select(record.id, record.state).where(*here).order_by(record.id).with_for_update())).all()
    if found:
        ids = [row.id for row in found]
        target = machine.target(verb)
        changed = update(record).where(record.region_id == tx.region_id, record.id.in_(ids), *where)
        await tx.execute(changed.values(state=target, **(values or {})))
        await _write_lines(tx, machine, verb, [(row.id, row.state) for row in found], target, reason)
    return [row.id for row in found]


async def _write_lines(
    tx: Tx, machine: Machine[Any], verb: str, moved: list[tuple[int, StrEnum]], target: StrEnum, reason: str
) -> None:
    ids = await tx.new_ids(len(moved))
    same = {
        "region_id": tx.region_id,
        "machine": machine.name,
        "verb": verb,
        "target": str(target),
        "at": tx.now,
        "by": tx.by,
    }
    lines = [
        {**same, "id": id, "thing_id": thing_id, "origin": str(origin), "reason": reason, "facts": {}}
        for id, (thing_id, origin) in zip(ids, moved, strict=True)
    ]
    await tx.execute(insert(MoveLine), lines)


async def history(tx: Tx, thing_id: int) -> list[MoveLine]:
    """Return the lines of history of one thing, oldest first."""
    where = (MoveLine.region_id == tx.region_id, MoveLine.thing_id == thing_id)
    return list(await tx.all(select(MoveLine).where(*where).order_by(MoveLine.at, MoveLine.id)))

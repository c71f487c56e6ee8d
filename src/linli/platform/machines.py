"""The one way a state changes: a declared move, compare-and-set in the database, with a line of history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, Integer, Text, bindparam, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import ClauseElement

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


WRITE_LINES = insert(MoveLine.__table__)  # type: ignore[arg-type]  # a mapped class has a Table here


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
    # A value that the database works out is part of the statement, all others are given to it.
    worked_out = {name: value for name, value in (values or {}).items() if isinstance(value, ClauseElement)}
    plain = {name: value for name, value in (values or {}).items() if name not in worked_out}
    statement = _moving(record, machine, verb, tuple(key), tuple(plain), worked_out)
    given = {
        "region_id_here": tx.region_id, "line_here": await tx.new_id(), "now_here": tx.now, "by_here": tx.by,
        "reason_here": reason,
        **{f"key_{name}": value for name, value in key.items()},
        **{f"new_{name}": value for name, value in plain.items()},
    }  # fmt: skip
    found = (await tx.execute(statement, given)).first()
    if found is None:
        raise NoSuchThing(f"no {machine.name} {key}")
    return not machine.check(found.state, verb).quiet


_made: dict[tuple[Any, ...], Any] = {}


def _moving(
    record: Any,
    machine: Machine[Any],
    verb: str,
    keys: tuple[str, ...],
    names: tuple[str, ...],
    worked_out: dict[str, Any],
) -> Any:
    """Return the one statement that locks a row, moves it if it stands in an origin, and writes the line of history.

    It is made once for each use: making it costs more than running it.
    """
    if worked_out:
        return _move_statement(record, machine, verb, keys, names, worked_out)
    use = (record, machine.name, verb, keys, names)
    if use not in _made:
        _made[use] = _move_statement(record, machine, verb, keys, names, {})
    return _made[use]


def _move_statement(
    record: Any,
    machine: Machine[Any],
    verb: str,
    keys: tuple[str, ...],
    names: tuple[str, ...],
    worked_out: dict[str, Any],
) -> Any:
    # No parameter is called like a column: the UPDATE would take it for a value of that column.
    region = bindparam("region_id_here", type_=Integer)
    which = [getattr(record, name) == bindparam(f"key_{name}", type_=getattr(record, name).type) for name in keys]
    was = select(record.id, record.state).where(record.region_id == region, *which).with_for_update().cte("was")
    new = {name: bindparam(f"new_{name}", type_=getattr(record, name).type) for name in names}
    here = (record.region_id == region, *which, record.id == was.c.id, was.c.state.in_(machine.origins(verb)))
    moved = (
        update(record)
        .where(*here)
        .values(state=machine.target(verb), **new, **worked_out)
        .returning(was.c.state.label("origin"))
        .cte("moved")
    )
    told = {
        MoveLine.region_id: region, MoveLine.thing_id: bindparam("key_id", type_=BigInteger),
        MoveLine.id: bindparam("line_here", type_=BigInteger), MoveLine.machine: literal(machine.name),
        MoveLine.verb: literal(verb), MoveLine.origin: moved.c.origin,
        MoveLine.target: literal(str(machine.target(verb))),
        MoveLine.at: bindparam("now_here", type_=DateTime(timezone=True)),
        MoveLine.by: bindparam("by_here", type_=Text),
        MoveLine.reason: bindparam("reason_here", type_=Text), MoveLine.facts: literal({}, JSONB),
    }  # fmt: skip
    columns: list[Any] = list(told.values())
    line = insert(MoveLine).from_select([column.key for column in told], select(*columns).select_from(moved))
    return select(was.c.state).add_cte(moved, line.cte("line"))


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


async def move_all(
    tx: Tx,
    record: Any,
    machine: Machine[Any],
    verb: str,
    *where: Any,
    of: int,
    values: dict[str, Any] | None = None,
) -> int:
    """Move every matching row of this region that stands in an origin of the verb; returns how many moved.

    One statement per origin, however many rows; the history is one line per origin under the id of what they belong
    to (`of`), with their number, so that a million things that move together leave no million lines.
    """
    moved = 0
    for origin in sorted(machine.origins(verb)):
        here = (record.region_id == tx.region_id, *where, record.state == str(origin))
        done = await tx.execute(update(record).where(*here).values(state=str(machine.target(verb)), **(values or {})))
        count = int(done.rowcount)  # type: ignore[attr-defined]
        if count:
            await _write_lines(tx, machine, verb, [(of, origin)], machine.target(verb), "", {"count": count})
        moved += count
    return moved


async def _write_lines(
    tx: Tx,
    machine: Machine[Any],
    verb: str,
    moved: list[tuple[int, StrEnum]],
    target: StrEnum,
    reason: str,
    facts: dict[str, Any] | None = None,
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
        {**same, "id": id, "thing_id": thing_id, "origin": str(origin), "reason": reason, "facts": facts or {}}
        for id, (thing_id, origin) in zip(ids, moved, strict=True)
    ]
    await tx.execute(WRITE_LINES, lines)


async def history(tx: Tx, thing_id: int) -> list[MoveLine]:
    """Return the lines of history of one thing, oldest first."""
    where = (MoveLine.region_id == tx.region_id, MoveLine.thing_id == thing_id)
    return list(await tx.all(select(MoveLine).where(*where).order_by(MoveLine.at, MoveLine.id)))

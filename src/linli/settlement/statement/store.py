"""SQL of statements that commands need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from linli.platform.database import Tx
from linli.settlement.commission.records import CommissionLine
from linli.settlement.statement.records import SettledWeek, Statement


async def is_settled(tx: Tx, week: str) -> bool:
    """Tell whether a week was settled."""
    here = (SettledWeek.region_id == tx.region_id, SettledWeek.week == week)
    return await tx.scalar(select(SettledWeek.week).where(*here)) is not None


async def claim_week(tx: Tx, week: str) -> bool:
    """Claim a week for this transaction; False when it was settled, also by a twin just now."""
    row = {"region_id": tx.region_id, "week": week, "settled_at": tx.now, "statements": 0}
    fresh = pg_insert(SettledWeek).values(**row).on_conflict_do_nothing().returning(SettledWeek.week)
    return (await tx.execute(fresh)).first() is not None


async def note_week(tx: Tx, week: str, statements: int) -> None:
    """Note how many statements a claimed week made."""
    here = (SettledWeek.region_id == tx.region_id, SettledWeek.week == week)
    await tx.execute(update(SettledWeek).where(*here).values(statements=statements))


async def free_lines(tx: Tx, until: datetime) -> Sequence[Any]:
    """Lock the lines that are free by an instant, and return (id, leader_id, amount_fen) in ascending id order."""
    here = (CommissionLine.region_id == tx.region_id, CommissionLine.statement_id.is_(None))
    columns = (CommissionLine.id, CommissionLine.leader_id, CommissionLine.amount_fen)
    wanted = select(*columns).where(*here, CommissionLine.free_at <= until).order_by(CommissionLine.id)
    return (await tx.execute(wanted.with_for_update())).all()


async def add_statement(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a statement."""
    await tx.execute(insert(Statement).values(region_id=tx.region_id, made_at=tx.now, **row))


async def close_lines(tx: Tx, leader_id: int, until: datetime, statement_id: int) -> int:
    """Put the leader's free lines on a statement; returns how many."""
    here = (CommissionLine.region_id == tx.region_id, CommissionLine.statement_id.is_(None))
    free = (CommissionLine.leader_id == leader_id, CommissionLine.free_at <= until)
    changed = update(CommissionLine).where(*here, *free).values(statement_id=statement_id)
    return len((await tx.execute(changed.returning(CommissionLine.id))).all())

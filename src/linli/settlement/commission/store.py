"""SQL of commission that commands need."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, or_, select, update

from linli.platform.database import Tx
from linli.settlement.commission.model import Rule, Scope
from linli.settlement.commission.records import CommissionChange, CommissionLine, CommissionRule


async def rules_in_force(tx: Tx) -> list[Rule]:
    """Return the region's rules that are valid now."""
    here = (CommissionRule.region_id == tx.region_id, CommissionRule.valid_from <= tx.now)
    open_ = or_(CommissionRule.valid_until.is_(None), CommissionRule.valid_until > tx.now)
    rows = await tx.all(select(CommissionRule).where(*here, open_).order_by(CommissionRule.id))
    return [Rule(row.id, Scope(row.scope), row.scope_id, row.level, row.rate_bp, row.piece_fen) for row in rows]


async def add_rule(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a rule, ending the one it replaces."""
    same = [getattr(CommissionRule, name) == row[name] for name in ("scope", "scope_id", "level")]
    here = (CommissionRule.region_id == tx.region_id, CommissionRule.valid_until.is_(None), *same)
    await tx.execute(update(CommissionRule).where(*here).values(valid_until=row["valid_from"]))
    await tx.execute(insert(CommissionRule).values(region_id=tx.region_id, **row))


async def locked(tx: Tx, line_ids: list[int]) -> dict[int, CommissionLine]:
    """Lock commission lines by id, in ascending order."""
    here = (CommissionLine.region_id == tx.region_id, CommissionLine.id.in_(line_ids))
    rows = await tx.all(select(CommissionLine).where(*here).order_by(CommissionLine.id).with_for_update())
    return {row.id: row for row in rows}


async def add_line(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a commission line."""
    await tx.execute(insert(CommissionLine).values(region_id=tx.region_id, **row))


async def change_line(tx: Tx, line_id: int, **values: Any) -> None:
    """Set columns of a commission line."""
    here = (CommissionLine.region_id == tx.region_id, CommissionLine.id == line_id)
    await tx.execute(update(CommissionLine).where(*here).values(**values))


async def add_change(tx: Tx, row: dict[str, Any]) -> None:
    """Insert one line of why."""
    await tx.execute(insert(CommissionChange).values(region_id=tx.region_id, at=tx.now, **row))

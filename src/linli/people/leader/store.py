"""SQL of leaders."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from linli.people.leader.records import LeaderRow
from linli.platform.database import Tx


async def add_leader(tx: Tx, values: dict[str, Any]) -> bool:
    """Insert a leader of the region; False when the account leads there already."""
    fresh = insert(LeaderRow).values(region_id=tx.region_id, made_at=tx.now, **values).on_conflict_do_nothing()
    return (await tx.execute(fresh.returning(LeaderRow.id))).first() is not None


async def set_level(tx: Tx, leader_id: int, level: str) -> bool:
    """Set a leader's level; False when there is no such leader."""
    here = (LeaderRow.region_id == tx.region_id, LeaderRow.id == leader_id)
    changed = update(LeaderRow).where(*here).values(level=level).returning(LeaderRow.id)
    return (await tx.execute(changed)).first() is not None

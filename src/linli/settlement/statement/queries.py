"""What screens read of statements."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from linli.platform.database import Tx
from linli.settlement.statement.records import Statement


async def statements(tx: Tx, *, leader_id: int | None = None, after: int = 0, limit: int = 50) -> Sequence[Statement]:
    """Return a page of the region's (or one leader's) statements, newest first."""
    wanted = select(Statement).where(Statement.region_id == tx.region_id)
    if leader_id is not None:
        wanted = wanted.where(Statement.leader_id == leader_id)
    if after:
        wanted = wanted.where(Statement.id < after)
    return await tx.all(wanted.order_by(Statement.id.desc()).limit(limit))

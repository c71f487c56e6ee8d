"""What screens read of commission, and the proof that the ledger agrees with it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, text

from linli.money import Difference, register_agreement
from linli.platform.database import Tx
from linli.settlement.commission.records import CommissionChange, CommissionLine, CommissionRule

# One statement, so that work in flight is no difference: lines not yet released must be what is pending by the entries.
PENDING = text("""
SELECT coalesce(l.leader_id, e.leader_id) AS leader_id, coalesce(l.fen, 0)::bigint AS lines_fen,
  coalesce(e.fen, 0)::bigint AS entries_fen
FROM (SELECT leader_id, sum(amount_fen) AS fen FROM settlement.commission_lines
  WHERE region_id = :region_id AND statement_id IS NULL GROUP BY 1) l
FULL JOIN (SELECT owner_id AS leader_id, sum(CASE WHEN kind = 'commission_accrued' THEN amount_fen
    WHEN kind IN ('commission_reduced', 'commission_released') THEN -amount_fen ELSE 0 END) AS fen
  FROM money.entries WHERE region_id = :region_id AND kind LIKE 'commission%' GROUP BY 1) e
ON e.leader_id = l.leader_id WHERE coalesce(l.fen, 0) <> coalesce(e.fen, 0)""")
WHY = text("""
SELECT l.id, l.amount_fen, coalesce(sum(c.delta_fen), 0)::bigint AS changes_fen
FROM settlement.commission_lines l
LEFT JOIN settlement.commission_changes c ON c.region_id = l.region_id AND c.line_id = l.id
WHERE l.region_id = :region_id GROUP BY l.id, l.amount_fen
HAVING l.amount_fen <> coalesce(sum(c.delta_fen), 0)""")


async def disagreements(tx: Tx) -> list[Difference]:
    """Return where pending commission by lines differs from the ledger's entries, and lines that their changes do.

    Not explain.
    """
    here = {"region_id": tx.region_id}
    pending = [
        Difference("pending commission", f"leader {row.leader_id}", row.lines_fen, row.entries_fen)
        for row in await tx.execute(PENDING, here)
    ]
    return pending + [
        Difference("commission unexplained", f"line {row.id}", row.changes_fen, row.amount_fen)
        for row in await tx.execute(WHY, here)
    ]


register_agreement("commission", disagreements)


async def lines_of_leader(tx: Tx, leader_id: int, *, after: int = 0, limit: int = 50) -> Sequence[CommissionLine]:
    """Return a page of a leader's commission lines, newest first."""
    here = (CommissionLine.region_id == tx.region_id, CommissionLine.leader_id == leader_id)
    older = (CommissionLine.id < after,) if after else ()
    return await tx.all(select(CommissionLine).where(*here, *older).order_by(CommissionLine.id.desc()).limit(limit))


async def changes_of(tx: Tx, line_ids: Sequence[int]) -> dict[int, list[CommissionChange]]:
    """Return why lines stand where they stand: their changes in order, by line."""
    here = (CommissionChange.region_id == tx.region_id, CommissionChange.line_id.in_(line_ids))
    rows = await tx.all(
        select(CommissionChange).where(*here).order_by(CommissionChange.line_id, CommissionChange.number)
    )
    found: dict[int, list[CommissionChange]] = {line_id: [] for line_id in line_ids}
    for row in rows:
        found[row.line_id].append(row)
    return found


async def pending_of(tx: Tx, leader_id: int) -> int:
    """Return the fen of a leader that are earned and not yet released."""
    here = (CommissionLine.region_id == tx.region_id, CommissionLine.leader_id == leader_id)
    total = select(func.sum(CommissionLine.amount_fen)).where(*here, CommissionLine.statement_id.is_(None))
    return int(await tx.scalar(total) or 0)


async def rules(tx: Tx) -> Sequence[CommissionRule]:
    """Return the region's rules, also those that ended, newest first."""
    here = select(CommissionRule).where(CommissionRule.region_id == tx.region_id)
    return await tx.all(here.order_by(CommissionRule.id.desc()))

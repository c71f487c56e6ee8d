"""What is asked about refunds, and the proof that what went back stands in the sub-ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, text

from linli.money.ledger.model import Difference
from linli.money.refund.model import RefundState, RefundValue
from linli.money.refund.records import RefundRow
from linli.platform.database import Tx

DONE = text("""
SELECT coalesce(r.id, e.ref_id) AS refund_id,
  coalesce(r.fen, 0)::bigint AS refund_fen, coalesce(e.fen, 0)::bigint AS entry_fen
FROM (SELECT id, amount_fen AS fen FROM money.refunds WHERE region_id = :region_id AND state = 'done') r
FULL JOIN (SELECT ref_id, sum(amount_fen) AS fen FROM money.entries
  WHERE region_id = :region_id AND kind = 'refunded' AND ref_kind = 'refund' GROUP BY ref_id) e ON e.ref_id = r.id
WHERE r.fen IS DISTINCT FROM e.fen""")
RESERVED = text("""
SELECT coalesce(c.id, r.charge_id) AS charge_id,
  coalesce(c.refunded_fen, 0)::bigint AS refunded_fen, coalesce(r.fen, 0)::bigint AS refunds_fen
FROM (SELECT id, refunded_fen FROM money.charges WHERE region_id = :region_id) c
FULL JOIN (SELECT charge_id, sum(amount_fen) AS fen FROM money.refunds
  WHERE region_id = :region_id GROUP BY charge_id) r
ON r.charge_id = c.id WHERE coalesce(c.refunded_fen, 0) <> coalesce(r.fen, 0)""")


def value_of(row: RefundRow) -> RefundValue:
    """Return a refund's row as other rooms see it."""
    return RefundValue(
        row.id, RefundState(row.state), row.charge_id, row.order_id, row.amount_fen, row.channel, row.reason,
        row.ref_kind, row.ref_id, row.made_at, row.done_at, row.tries, row.trouble,
    )  # fmt: skip


async def refunds_of_order(tx: Tx, order_id: int) -> list[RefundValue]:
    """Return the refunds of an order, oldest first."""
    here = (RefundRow.region_id == tx.region_id, RefundRow.order_id == order_id)
    return [value_of(row) for row in await tx.all(select(RefundRow).where(*here).order_by(RefundRow.id))]


async def refunds_in_state(tx: Tx, *, state: RefundState, after: int, limit: int) -> Sequence[RefundValue]:
    """Return refunds that stand in a state, oldest first, after an id."""
    here = (RefundRow.region_id == tx.region_id, RefundRow.state == state.value, RefundRow.id > after)
    return [value_of(row) for row in await tx.all(select(RefundRow).where(*here).order_by(RefundRow.id).limit(limit))]


async def refunds_agree(tx: Tx) -> list[Difference]:
    """Compare finished refunds with their entries, and what charges reserve with their refunds."""
    here = {"region_id": tx.region_id}
    wrong = [
        Difference("a finished refund and its entry differ", str(row.refund_id), row.refund_fen, row.entry_fen)
        for row in await tx.execute(DONE, here)
    ]
    for row in await tx.execute(RESERVED, here):
        wrong.append(
            Difference("a charge and its refunds differ", str(row.charge_id), row.refunds_fen, row.refunded_fen)
        )
    return wrong

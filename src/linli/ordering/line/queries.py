"""The proof that orders and the books tell the same story, line by line."""

from __future__ import annotations

from sqlalchemy import text

from linli import money
from linli.platform.database import Tx

# Each compares within one statement, so that work in flight is not reported; that is why the books' rows are read here.
EARNED = text("""
SELECT coalesce(l.cycle_id, e.cycle_id) AS id, coalesce(l.fen, 0)::bigint AS ours, coalesce(e.fen, 0)::bigint AS theirs
FROM (SELECT cycle_id, sum(recognised_fen) AS fen FROM ordering.lines WHERE region_id = :region_id GROUP BY 1) l
FULL JOIN (SELECT cycle_id, sum(CASE WHEN kind = 'collected' THEN amount_fen ELSE -amount_fen END) AS fen
  FROM money.entries WHERE region_id = :region_id AND kind IN ('collected', 'sale_reversed') GROUP BY 1) e
  ON e.cycle_id = l.cycle_id
WHERE coalesce(l.fen, 0) <> coalesce(e.fen, 0)""")
PAID = text("""
SELECT o.id, o.paid_fen AS ours, coalesce(s.paid_fen, 0)::bigint AS theirs
FROM ordering.orders o LEFT JOIN money.charge_orders s
  ON s.region_id = o.region_id AND s.charge_id = o.charge_id AND s.order_id = o.id
WHERE o.region_id = :region_id AND o.paid_fen > 0 AND o.paid_fen <> coalesce(s.paid_fen, 0)""")
REFUNDED = text("""
SELECT o.id, o.fen::bigint AS ours, coalesce(s.refunded_fen, 0)::bigint AS theirs
FROM (SELECT o.id, o.charge_id, sum(l.refunded_fen) AS fen FROM ordering.orders o JOIN ordering.lines l
  ON l.region_id = o.region_id AND l.biz_date = o.biz_date AND l.order_id = o.id
  WHERE o.region_id = :region_id AND l.region_id = :region_id AND o.paid_fen > 0 GROUP BY 1, 2) o
LEFT JOIN money.charge_orders s ON s.region_id = :region_id AND s.charge_id = o.charge_id AND s.order_id = o.id
WHERE o.fen <> coalesce(s.refunded_fen, 0)""")
LINES = text("""
SELECT o.id, o.payable_fen AS ours, l.fen::bigint AS theirs
FROM ordering.orders o JOIN (SELECT order_id, sum(payable_fen) AS fen FROM ordering.lines
  WHERE region_id = :region_id GROUP BY 1) l ON l.order_id = o.id
WHERE o.region_id = :region_id AND o.payable_fen <> l.fen""")
PROOFS = {
    "what lines earned in a cycle and what the books say was collected differ": EARNED,
    "what an order was paid and what its charge says differ": PAID,
    "what lines of an order gave back and what its charge says differ": REFUNDED,
    "an order is not the sum of its lines": LINES,
}


async def orders_agree(tx: Tx) -> list[money.Difference]:
    """Compare orders and lines with charges and the sub-ledger; returns every difference in fen."""
    here = {"region_id": tx.region_id}
    return [
        money.Difference(words, str(row.id), row.ours, row.theirs)
        for words, statement in PROOFS.items()
        for row in await tx.execute(statement, here)
    ]

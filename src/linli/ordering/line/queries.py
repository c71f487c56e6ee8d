"""The proof that orders and the books tell the same story, and a cycle's lines as one set for later rooms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select, text

from linli import money
from linli.kernel.ids import day_of
from linli.ordering.order.model import TO_DELIVER
from linli.ordering.order.records import Order, OrderLine
from linli.platform.database import Tx

# Each compares within one statement, so that work in flight is not reported; that is why the books' rows are read here.
EARNED = text("""
SELECT coalesce(l.cycle_id, e.cycle_id) AS id, coalesce(l.fen, 0)::bigint AS ours, coalesce(e.fen, 0)::bigint AS theirs
FROM (SELECT cycle_id, sum(fen) AS fen FROM (
    SELECT cycle_id, recognised_fen AS fen FROM ordering.lines WHERE region_id = :region_id UNION ALL
    SELECT cycle_id, fee_recognised_fen FROM ordering.orders WHERE region_id = :region_id AND fee_recognised_fen > 0
  ) both_kinds GROUP BY 1) l
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
FROM (SELECT o.id, o.charge_id, sum(l.refunded_fen) + min(o.fee_refunded_fen) AS fen
  FROM ordering.orders o JOIN ordering.lines l
  ON l.region_id = o.region_id AND l.biz_date = o.biz_date AND l.order_id = o.id
  WHERE o.region_id = :region_id AND l.region_id = :region_id AND o.paid_fen > 0 GROUP BY 1, 2) o
LEFT JOIN money.charge_orders s ON s.region_id = :region_id AND s.charge_id = o.charge_id AND s.order_id = o.id
WHERE o.fen <> coalesce(s.refunded_fen, 0)""")
LINES = text("""
SELECT o.id, o.payable_fen - o.fee_fen AS ours, l.fen::bigint AS theirs
FROM ordering.orders o JOIN (SELECT order_id, sum(payable_fen) AS fen FROM ordering.lines
  WHERE region_id = :region_id GROUP BY 1) l ON l.order_id = o.id
WHERE o.region_id = :region_id AND o.payable_fen - o.fee_fen <> l.fen""")
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


async def pieces_went_back(tx: Tx, cycle_id: int) -> bool:
    """Tell whether pieces of a cycle's orders will not come to them: short, or refunded before they came."""
    here = (OrderLine.region_id == tx.region_id, OrderLine.biz_date == day_of(cycle_id), OrderLine.cycle_id == cycle_id)
    return await tx.scalar(select(OrderLine.id).where(*here, OrderLine.short_quantity > 0).limit(1)) is not None


def lines_to_deliver(tx: Tx, cycle_id: int, sku_ids: Collection[int] = ()) -> Select[Any]:
    """Return the select of a cycle's paid lines of which something is still to come to a station (of some skus, when
    named); express orders do not pass there.

    Its columns: line_id order_id serial station_id leader_id member_id offer_id sku_id storage_class gross_g volume_ml
    ordered quantity (still to come, pieces) paid_at. A later room reads it as a set within one of its statements.
    """
    to_come = OrderLine.quantity - OrderLine.short_quantity
    columns = (
        OrderLine.id.label("line_id"), OrderLine.order_id, Order.serial, OrderLine.station_id, Order.leader_id,
        Order.member_id, OrderLine.offer_id, OrderLine.sku_id, OrderLine.storage_class, OrderLine.gross_g,
        OrderLine.volume_ml, OrderLine.quantity.label("ordered"), to_come.label("quantity"), Order.paid_at,
    )  # fmt: skip
    joined = (
        (Order.region_id == OrderLine.region_id)
        & (Order.biz_date == OrderLine.biz_date)
        & (Order.id == OrderLine.order_id)
    )
    day = day_of(cycle_id)
    here = (OrderLine.region_id == tx.region_id, OrderLine.biz_date == day, OrderLine.cycle_id == cycle_id)
    orders = (
        Order.region_id == tx.region_id,
        Order.biz_date == day,
        Order.cycle_id == cycle_id,
        Order.express.is_(False),
    )
    chosen: Select[Any] = select(*columns).select_from(OrderLine).join(Order, joined)  # type: ignore[assignment]
    chosen = chosen.where(*here, *orders, Order.state.in_(TO_DELIVER), to_come > 0)
    return chosen.where(OrderLine.sku_id.in_(sku_ids)) if sku_ids else chosen

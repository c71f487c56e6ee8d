"""Comparing the books of a cycle: orders, demand, purchase, sorting and handover tell one story."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from linli.fulfilment.truth.model import SkuBooks, ToteBooks, Untruth
from linli.fulfilment.truth.rules import of_sku, of_totes
from linli.kernel.ids import day_of
from linli.platform.database import Tx
from linli.platform.planning import whole_cycle

# Each compares within one statement, so that work in flight is not reported: that is why other rooms' rows are read.
SKUS = text("""
WITH paid AS MATERIALIZED (SELECT l.id, l.sku_id, l.quantity, l.short_quantity, l.collected_quantity
  FROM ordering.lines l JOIN ordering.orders o
    ON o.region_id = l.region_id AND o.biz_date = l.biz_date AND o.id = l.order_id
  WHERE l.region_id = :region_id AND l.biz_date = :day AND l.cycle_id = :cycle_id AND o.region_id = :region_id
    AND o.biz_date = :day AND o.paid_at IS NOT NULL AND o.cancelled_at IS NULL AND NOT o.express),
lines AS (SELECT sku_id, sum(quantity) AS wanted, sum(short_quantity) AS lines_short,
  sum(collected_quantity) AS handed_over FROM paid GROUP BY 1),
back AS (SELECT p.sku_id, sum(r.quantity) FILTER (WHERE r.made_at < d.frozen_at) AS before,
    sum(r.quantity) FILTER (WHERE r.made_at >= d.frozen_at AND r.made_at < w.planned_at) AS since
  FROM ordering.line_refunds r JOIN paid p ON p.id = r.line_id
  LEFT JOIN supply.demands d ON d.region_id = :region_id AND d.cycle_id = :cycle_id
  LEFT JOIN warehouse.waves w ON w.region_id = :region_id AND w.cycle_id = :cycle_id
  WHERE r.region_id = :region_id AND r.ref_kind <> 'shortage' GROUP BY 1),
demand AS (SELECT sku_id, sum(quantity) AS demand FROM supply.demand_lines
  WHERE region_id = :region_id AND biz_date = :day AND cycle_id = :cycle_id GROUP BY 1),
bought AS (SELECT sku_id, sum(quantity) AS purchased FROM supply.purchase_lines
  WHERE region_id = :region_id AND cycle_id = :cycle_id GROUP BY 1),
sorted AS (SELECT t.sku_id, sum(i.quantity - i.short) AS sorted FROM warehouse.sort_items i
  JOIN warehouse.sort_tasks t ON t.region_id = i.region_id AND t.id = i.task_id
  WHERE i.region_id = :region_id AND i.biz_date = :day AND i.cycle_id = :cycle_id GROUP BY 1),
short AS (SELECT sku_id, sum(short) AS short FROM warehouse.short_lines
  WHERE region_id = :region_id AND biz_date = :day AND cycle_id = :cycle_id GROUP BY 1),
frozen AS (SELECT count(*) AS times FROM supply.demands WHERE region_id = :region_id AND cycle_id = :cycle_id),
waves AS (SELECT count(*) AS times FROM warehouse.waves WHERE region_id = :region_id AND cycle_id = :cycle_id)
SELECT coalesce(l.sku_id, d.sku_id) AS sku_id, coalesce(l.wanted, 0), coalesce(b.before, 0), coalesce(b.since, 0),
  coalesce(l.lines_short, 0), coalesce(l.handed_over, 0), CASE WHEN frozen.times > 0 THEN coalesce(d.demand, 0) END,
  n.stock_used, n.rounding, coalesce(p.purchased, 0), CASE WHEN waves.times > 0 THEN coalesce(s.sorted, 0) END,
  coalesce(h.short, 0)
FROM lines l FULL JOIN demand d ON d.sku_id = l.sku_id
LEFT JOIN back b ON b.sku_id = coalesce(l.sku_id, d.sku_id)
LEFT JOIN supply.sku_needs n ON n.region_id = :region_id AND n.cycle_id = :cycle_id
  AND n.sku_id = coalesce(l.sku_id, d.sku_id)
LEFT JOIN bought p ON p.sku_id = coalesce(l.sku_id, d.sku_id)
LEFT JOIN sorted s ON s.sku_id = coalesce(l.sku_id, d.sku_id)
LEFT JOIN short h ON h.sku_id = coalesce(l.sku_id, d.sku_id), frozen, waves ORDER BY 1""")
TOTES = text("""
SELECT coalesce((SELECT sum(pieces) FROM warehouse.totes WHERE region_id = :region_id AND cycle_id = :cycle_id), 0),
  coalesce((SELECT sum(weight_g) FROM warehouse.totes WHERE region_id = :region_id AND cycle_id = :cycle_id), 0),
  coalesce(sum(i.quantity - i.short), 0), coalesce(sum((i.quantity - i.short) * t.gross_g), 0),
  (SELECT sum(expected_pieces) FROM fulfilment.handovers WHERE region_id = :region_id AND cycle_id = :cycle_id)
FROM warehouse.sort_items i JOIN warehouse.sort_tasks t ON t.region_id = i.region_id AND t.id = i.task_id
WHERE i.region_id = :region_id AND i.biz_date = :day AND i.cycle_id = :cycle_id""")


async def untruths(tx: Tx, cycle_id: int) -> list[Untruth]:
    """Return every sentence that the books of a cycle contradict; nothing when they tell one story."""
    here = {"region_id": tx.region_id, "day": day_of(cycle_id), "cycle_id": cycle_id}
    async with whole_cycle(tx):
        skus = [SkuBooks(*_whole(row)) for row in await tx.execute(SKUS, here)]
        totes = ToteBooks(*_whole((await tx.execute(TOTES, here)).one()))
    return [each for books in skus for each in of_sku(books)] + list(of_totes(totes))


def _whole(row: Iterable[Any]) -> list[Any]:
    return [None if each is None else int(each) for each in row]

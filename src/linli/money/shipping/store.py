"""Statements of hand-overs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text

from linli.kernel.ids import day_of
from linli.money.shipping.model import CHANNEL, SCENE
from linli.platform.database import Tx

HANDED_OVER = text("""
INSERT INTO money.shippings (region_id, charge_id, handed_over_at, told_at, trouble)
SELECT c.region_id, c.id, CAST(:now AS timestamptz), NULL, '' FROM money.charges c
WHERE c.region_id = :region_id AND c.biz_date >= :day AND c.cycle_id = :cycle_id AND c.station_id = :station_id
  AND c.channel = :channel AND c.scene = :scene AND c.state = 'paid'
ORDER BY c.id ON CONFLICT DO NOTHING RETURNING charge_id""")
WISHED = text("""
SELECT s.handed_over_at, s.told_at, c.payer, c.description, c.paid_fen - c.refunded_fen AS left_fen, a.provider_no
FROM money.shippings s
JOIN money.charges c ON c.region_id = s.region_id AND c.biz_date = :day AND c.id = s.charge_id
JOIN money.charge_attempts a ON a.region_id = c.region_id AND a.biz_date = c.biz_date AND a.id = c.paid_attempt_id
WHERE s.region_id = :region_id AND s.charge_id = :charge_id""")
TOLD = text("""
UPDATE money.shippings SET told_at = CASE WHEN :trouble = '' THEN CAST(:now AS timestamptz) END, trouble = :trouble
WHERE region_id = :region_id AND charge_id = :charge_id AND told_at IS NULL""")
FROZEN = text("""
SELECT s.charge_id IS NULL AS waits, s.told_at IS NOT NULL AS told, count(*) AS charges,
  sum(c.paid_fen - c.refunded_fen)::bigint AS fen, min(c.paid_at) AS oldest
FROM money.charges c LEFT JOIN money.shippings s ON s.region_id = c.region_id AND s.charge_id = c.id
WHERE c.region_id = :region_id AND c.channel = :channel AND c.scene = :scene AND c.state = 'paid'
  AND c.refunded_fen < c.paid_fen
GROUP BY 1, 2""")


async def hand_over(tx: Tx, cycle_id: int, station_id: int) -> list[int]:
    """Note the hand-over of a station's goods for every charge whose money it sets free; returns the new ones."""
    given = {
        "region_id": tx.region_id, "now": tx.now, "day": day_of(cycle_id), "cycle_id": cycle_id,
        "station_id": station_id, "channel": CHANNEL, "scene": SCENE,
    }  # fmt: skip
    return sorted(row[0] for row in await tx.execute(HANDED_OVER, given))


async def wished(tx: Tx, charge_id: int) -> Row[Any] | None:
    """Return what the provider is to be told about a charge."""
    given = {"region_id": tx.region_id, "charge_id": charge_id, "day": day_of(charge_id)}
    return (await tx.execute(WISHED, given)).first()


async def note_told(tx: Tx, charge_id: int, trouble: str) -> None:
    """Write that the provider heard of it, or why not."""
    given = {"region_id": tx.region_id, "charge_id": charge_id, "now": tx.now, "trouble": trouble}
    await tx.execute(TOLD, given)


async def frozen(tx: Tx) -> list[Row[Any]]:
    """Return the mini program's money by how far the word of its hand-over is."""
    given = {"region_id": tx.region_id, "channel": CHANNEL, "scene": SCENE}
    return list(await tx.execute(FROZEN, given))

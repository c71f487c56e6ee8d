"""The statements that write a batch of orders: orders, their lines, and serial numbers, each at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from linli.platform.database import Hot, Tx

INSERT_ORDERS = Hot(
    "INSERT INTO ordering.orders (region_id, biz_date, id, cycle_id, station_id, leader_id, member_id, state, payment, "
    "serial, pickup_code, by_leader, payer, note, goods_fen, fee_fen, fee_refunded_fen, fee_recognised_fen, express, "
    "payable_fen, paid_fen, points, priced, placed_at, hold_until, cancel_reason) "
    "SELECT :region_id, r.biz_date, r.id, r.cycle_id, r.station_id, r.leader_id, r.member_id, :state, r.payment, "
    "r.serial, r.pickup_code, r.by_leader, r.payer, r.note, r.goods_fen, r.fee_fen, 0, 0, r.express, "
    "r.payable_fen, 0, r.points, r.priced, :now, r.hold_until, '' "
    "FROM json_to_recordset(CAST(:rows AS json)) AS r (biz_date date, id bigint, "
    "cycle_id bigint, station_id bigint, leader_id bigint, member_id bigint, payment text, serial integer, "
    "pickup_code text, by_leader bigint, payer text, note text, goods_fen bigint, fee_fen bigint, express boolean, "
    "payable_fen bigint, points integer, priced jsonb, hold_until timestamptz) "
    "ON CONFLICT (region_id, biz_date, cycle_id, station_id, pickup_code) WHERE cancelled_at IS NULL DO NOTHING "
    "RETURNING id"
)
INSERT_LINES = Hot(
    "INSERT INTO ordering.lines (region_id, biz_date, id, order_id, cycle_id, station_id, offer_id, quantity, "
    "unit_price_fen, payable_fen, discounts, sku_id, supplier_id, category_id, storage_class, name, spec, unit, "
    "weighed, net_g, gross_g, volume_ml, cost_fen, commission_bp, commission_fen, quality_window_hours, "
    "order_window_hours, short_quantity, refunded_quantity, collected_quantity, paid_fen, refunded_fen, "
    "recognised_fen) SELECT :region_id, r.biz_date, r.id, r.order_id, r.cycle_id, r.station_id, r.offer_id, "
    "r.quantity, r.unit_price_fen, r.payable_fen, r.discounts, o.sku_id, o.supplier_id, o.category_id, "
    "o.storage_class, o.name, o.spec, o.unit, o.weighed, o.net_g, o.gross_g, o.volume_ml, o.cost_fen, "
    "o.commission_bp, o.commission_fen, o.quality_window_hours, o.order_window_hours, 0, 0, 0, 0, 0, 0 "
    "FROM json_to_recordset(CAST(:rows AS json)) AS r (biz_date date, id bigint, order_id bigint, cycle_id bigint, "
    "station_id bigint, offer_id bigint, quantity integer, unit_price_fen bigint, payable_fen bigint, discounts jsonb) "
    "JOIN json_to_recordset(CAST(:offers AS json)) AS o (id bigint, sku_id bigint, supplier_id bigint, "
    "category_id bigint, storage_class text, name text, spec text, unit text, weighed boolean, net_g bigint, "
    "gross_g bigint, volume_ml bigint, cost_fen bigint, commission_bp integer, commission_fen bigint, "
    "quality_window_hours integer, order_window_hours integer) ON o.id = r.offer_id"
)
INSERT_ADDRESSES = Hot(
    "INSERT INTO ordering.addresses (region_id, order_id, province, city, district, sealed) SELECT :region_id, r.* "
    "FROM json_to_recordset(CAST(:rows AS json)) AS r (order_id bigint, province text, city text, district text, "
    "sealed text)"
)
TAKE_SERIALS = Hot(
    "INSERT INTO ordering.serials AS s (region_id, cycle_id, station_id, last) SELECT :region_id, w.* "
    "FROM json_to_recordset(CAST(:rows AS json)) AS w (cycle_id bigint, station_id bigint, last integer) "
    "ON CONFLICT (region_id, cycle_id, station_id) DO UPDATE SET last = s.last + excluded.last "
    "RETURNING cycle_id, station_id, last"
)
OFFER_COLUMNS = (
    "id", "sku_id", "supplier_id", "category_id", "storage_class", "spec", "unit", "weighed", "net_g", "gross_g",
    "volume_ml", "cost_fen", "commission_bp", "commission_fen", "quality_window_hours", "order_window_hours",
)  # fmt: skip


async def insert_orders(tx: Tx, state: str, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Insert orders; returns the ids of those whose pickup code was free at their station and cycle."""
    batch = {"region_id": tx.region_id, "now": tx.now, "state": state, "rows": _json(rows)}
    return {row[0] for row in await tx.quick(INSERT_ORDERS, batch)}


async def insert_lines(tx: Tx, rows: Sequence[Mapping[str, Any]], offers: Iterable[Any]) -> None:
    """Insert the lines of a batch of orders; what later rooms need of an offer is sent once, however often it was
    ordered."""
    encoded = "[" + ",".join([_offer(tx, offer) for offer in offers]) + "]"
    await tx.quick(INSERT_LINES, {"region_id": tx.region_id, "rows": _json(rows), "offers": encoded})


async def insert_addresses(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert where express orders go."""
    await tx.quick(INSERT_ADDRESSES, {"region_id": tx.region_id, "rows": _json(rows)})


async def take_serials(tx: Tx, counts: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """Take the next serial numbers (跟团号) by (cycle, station), so many each; returns the last one taken.

    The rows are locked in order and stay so, and a rollback leaves no gap.
    """
    rows = [{"cycle_id": key[0], "station_id": key[1], "last": count} for key, count in sorted(counts.items())]
    found = await tx.quick(TAKE_SERIALS, {"region_id": tx.region_id, "rows": _json(rows)})
    return {(row[0], row[1]): row[2] for row in found}


def _offer(tx: Tx, offer: Any) -> str:
    kept: dict[tuple[int, int], str] = tx.cache.setdefault("ordering.offer_json", {})
    encoded = kept.get((offer.id, offer.version))
    if encoded is None:
        if len(kept) > 50_000:
            kept.clear()
        plain = {name: getattr(offer, name) for name in OFFER_COLUMNS} | {"name": offer.product_name}
        kept[offer.id, offer.version] = encoded = _json(plain)
    return encoded


def _json(rows: Any) -> str:
    return msgspec.json.encode(rows).decode()

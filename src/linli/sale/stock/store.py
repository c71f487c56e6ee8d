"""The hot statements of stock: lock in offer order, take and give back by one conditional update a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text

from linli.platform.database import Tx
from linli.sale.offer.records import Offer
from linli.sale.stock.records import Taking

WANTED = "unnest(CAST(:ids AS bigint[]), CAST(:quantities AS integer[])) AS w (id, quantity)"
TAKE = text(
    f"UPDATE sale.offers AS o SET sold = o.sold + w.quantity FROM {WANTED} "
    "WHERE o.region_id = :region_id AND o.id = w.id AND o.on_sale AND NOT o.withdrawn "
    "AND o.opens_at <= :now AND o.closes_at > :now "
    "AND (o.stock_limit IS NULL OR o.sold + w.quantity <= o.stock_limit) RETURNING o.id"
)
GIVE_BACK = text(
    f"UPDATE sale.offers AS o SET sold = o.sold - w.quantity FROM {WANTED} "
    "WHERE o.region_id = :region_id AND o.id = w.id AND o.sold >= w.quantity RETURNING o.id"
)
COUNT = text(
    "INSERT INTO sale.takings AS t (region_id, offer_id, member_id, taken, most) "
    "SELECT :region_id, w.id, :member_id, w.quantity, w.most "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:quantities AS integer[]), CAST(:most AS integer[])) "
    "AS w (id, quantity, most) "
    "ON CONFLICT (region_id, offer_id, member_id) DO UPDATE SET taken = t.taken + excluded.taken, most = excluded.most "
    "WHERE excluded.most IS NULL OR t.taken + excluded.taken <= excluded.most RETURNING offer_id"
)
UNCOUNT = text(
    f"UPDATE sale.takings AS t SET taken = t.taken - w.quantity FROM {WANTED} "
    "WHERE t.region_id = :region_id AND t.offer_id = w.id AND t.member_id = :member_id "
    "AND t.taken >= w.quantity RETURNING t.offer_id"
)


async def lock_offers(tx: Tx, ids: Sequence[int]) -> dict[int, Offer]:
    """Lock offers in ascending id, so that no two baskets wait for each other, and return their rows."""
    here = (Offer.region_id == tx.region_id, Offer.id.in_(ids))
    return {row.id: row for row in await tx.all(select(Offer).where(*here).order_by(Offer.id).with_for_update())}


async def take(tx: Tx, wanted: Mapping[int, int], now: datetime) -> set[int]:
    """Count pieces as sold where the offer is on sale and has as many left; returns the ids that could."""
    found = await tx.execute(TAKE, {**_batch(tx, wanted), "now": now})
    return {row[0] for row in found}


async def give_back(tx: Tx, given: Mapping[int, int]) -> set[int]:
    """Take pieces off the counters; returns the ids whose counter held as many."""
    return {row[0] for row in await tx.execute(GIVE_BACK, _batch(tx, given))}


async def count(tx: Tx, member_id: int, wanted: Mapping[int, int], most: Mapping[int, int | None]) -> set[int]:
    """Add to what a member holds where the limit for member and cycle allows; returns the ids where it did."""
    batch = _batch(tx, wanted)
    limits = [most[offer_id] for offer_id in wanted]
    return {row[0] for row in await tx.execute(COUNT, {**batch, "member_id": member_id, "most": limits})}


async def uncount(tx: Tx, member_id: int, given: Mapping[int, int]) -> set[int]:
    """Take from what a member holds; returns the ids of which the member held as many."""
    return {row[0] for row in await tx.execute(UNCOUNT, {**_batch(tx, given), "member_id": member_id})}


async def taken(tx: Tx, member_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Return how much a member holds of these offers."""
    here = (Taking.region_id == tx.region_id, Taking.offer_id.in_(ids), Taking.member_id == member_id)
    return {row[0]: row[1] for row in await tx.execute(select(Taking.offer_id, Taking.taken).where(*here))}


def _batch(tx: Tx, pieces: Mapping[int, int]) -> dict[str, object]:
    return {"region_id": tx.region_id, "ids": list(pieces), "quantities": list(pieces.values())}

"""The hot statements of stock: lock in offer order, then one statement for all that a batch takes or gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from sqlalchemy import select

from linli.platform.database import Hot, Tx
from linli.sale.stock.model import Shelf
from linli.sale.stock.records import Taking

SHELVES = (
    "SELECT id, version, sold, stock_limit, on_sale, withdrawn, opens_at, closes_at FROM sale.offers "
    "WHERE region_id = :region_id AND id = ANY(:ids) ORDER BY id"
)
LOCK = Hot(SHELVES + " FOR UPDATE")
READ = Hot(SHELVES)
TAKE = Hot(
    "UPDATE sale.offers AS o SET sold = o.sold + w.quantity "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:quantities AS integer[])) AS w (id, quantity) "
    "WHERE o.region_id = :region_id AND o.id = w.id"
)
GIVE_BACK = Hot(
    "UPDATE sale.offers AS o SET sold = o.sold - w.quantity "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:quantities AS integer[])) AS w (id, quantity) "
    "WHERE o.region_id = :region_id AND o.id = w.id AND o.sold >= w.quantity RETURNING o.id"
)
TAKEN = Hot(
    "SELECT t.offer_id, t.member_id, t.taken, t.day, t.taken_today FROM sale.takings AS t "
    "JOIN json_to_recordset(CAST(:pairs AS json)) AS w (offer_id bigint, member_id bigint) "
    "ON t.offer_id = w.offer_id AND t.member_id = w.member_id WHERE t.region_id = :region_id"
)
COUNT = Hot(
    "INSERT INTO sale.takings (region_id, offer_id, member_id, taken, most, day, taken_today, most_today) "
    "SELECT :region_id, w.* FROM json_to_recordset(CAST(:rows AS json)) AS w (offer_id bigint, member_id bigint, "
    "taken integer, most integer, day date, taken_today integer, most_today integer) "
    "ON CONFLICT (region_id, offer_id, member_id) DO UPDATE SET taken = excluded.taken, most = excluded.most, "
    "day = excluded.day, taken_today = excluded.taken_today, most_today = excluded.most_today"
)
UNCOUNT = Hot(
    "UPDATE sale.takings AS t SET taken = t.taken - w.quantity, taken_today = greatest(t.taken_today - w.quantity, 0) "
    "FROM json_to_recordset(CAST(:rows AS json)) AS w (offer_id bigint, member_id bigint, quantity integer) "
    "WHERE t.region_id = :region_id AND t.offer_id = w.offer_id AND t.member_id = w.member_id "
    "AND t.taken >= w.quantity RETURNING t.offer_id, t.member_id"
)
Pair = tuple[int, int]


async def shelves(tx: Tx, ids: Sequence[int], *, lock: bool) -> dict[int, Shelf]:
    """Return offers' rows, locked in ascending id when asked, so that no two baskets wait for each other."""
    found = await tx.quick(LOCK if lock else READ, {"region_id": tx.region_id, "ids": list(ids)})
    return {row[0]: Shelf(*row) for row in found}


async def take(tx: Tx, wanted: Mapping[int, int]) -> None:
    """Count pieces as sold on locked offers; the table's CHECK is the last word."""
    await tx.quick(TAKE, _batch(tx, wanted))


async def give_back(tx: Tx, given: Mapping[int, int]) -> set[int]:
    """Take pieces off the counters; returns the ids whose counter held as many."""
    return {row[0] for row in await tx.quick(GIVE_BACK, _batch(tx, given))}


async def taken(tx: Tx, pairs: Sequence[Pair]) -> dict[Pair, tuple[int, date, int]]:
    """Return what members took of limited offers, by (offer, member): in the cycle, the latest day, and on it."""
    rows = [{"offer_id": offer_id, "member_id": member_id} for offer_id, member_id in pairs]
    found = await tx.quick(TAKEN, {"region_id": tx.region_id, "pairs": _json(rows)})
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in found}


async def count(tx: Tx, rows: Sequence[Mapping[str, object]]) -> None:
    """Store what members hold now of limited offers, whose rows are locked."""
    await tx.quick(COUNT, {"region_id": tx.region_id, "rows": _json(rows)})


async def uncount(tx: Tx, given: Mapping[Pair, int]) -> set[Pair]:
    """Take from what members hold, by (offer, member); returns the pairs that held as many."""
    rows = [{"offer_id": pair[0], "member_id": pair[1], "quantity": pieces} for pair, pieces in given.items()]
    found = await tx.quick(UNCOUNT, {"region_id": tx.region_id, "rows": _json(rows)})
    return {(row[0], row[1]) for row in found}


async def held(tx: Tx, member_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Return how much a member holds of these offers, of those that limit it."""
    here = (Taking.region_id == tx.region_id, Taking.offer_id.in_(ids), Taking.member_id == member_id)
    return {row[0]: row[1] for row in await tx.execute(select(Taking.offer_id, Taking.taken).where(*here))}


def _batch(tx: Tx, pieces: Mapping[int, int]) -> dict[str, object]:
    return {"region_id": tx.region_id, "ids": list(pieces), "quantities": list(pieces.values())}


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return msgspec.json.encode(rows).decode()

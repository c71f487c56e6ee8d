"""All SQL of deals that commands and screens need; bundles and newcomers are always locked in ascending id."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from linli.marketing.deal.model import BundleValue, Parts
from linli.marketing.deal.records import Bundle, BundlePart, BundleUse, Newcomer
from linli.platform.database import Tx

COLUMNS = [getattr(Bundle, name) for name in BundleValue._fields if name != "parts"]
TAKE = text(
    "UPDATE marketing.bundles AS b SET taken_fen = b.taken_fen + w.fen "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:fen AS bigint[])) AS w (id, fen) "
    "WHERE b.region_id = :region_id AND b.id = w.id"
)
BUY_AS_NEWCOMER = text(
    "UPDATE marketing.newcomers AS n SET order_id = w.order_id "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:orders AS bigint[])) AS w (id, order_id) "
    "WHERE n.region_id = :region_id AND n.member_id = w.id AND n.order_id IS NULL"
)


async def add(tx: Tx, row: Mapping[str, Any], parts: Parts) -> bool:
    """Insert a bundle with its parts; False when an offer is in another running bundle."""
    await tx.execute(insert(Bundle).values(**row, region_id=tx.region_id))
    same = {"region_id": tx.region_id, "bundle_id": row["id"], "running": True}
    rows = [{**same, "offer_id": offer_id, "quantity": quantity} for offer_id, quantity in parts]
    made = insert(BundlePart).values(rows).on_conflict_do_nothing().returning(BundlePart.offer_id)
    return len((await tx.execute(made)).all()) == len(parts)


async def meeting(tx: Tx, offer_ids: Collection[int], *, lock: bool) -> list[BundleValue]:
    """Return the running bundles that hold one of these offers, locked in ascending id when told so."""
    held = select(BundlePart.bundle_id).where(
        BundlePart.region_id == tx.region_id, BundlePart.offer_id.in_(offer_ids), BundlePart.running
    )
    here = (Bundle.region_id == tx.region_id, Bundle.id.in_(held), Bundle.stopped_at.is_(None))
    wanted = select(*COLUMNS).where(*here, Bundle.starts_at <= tx.now, Bundle.ends_at > tx.now).order_by(Bundle.id)
    found = [BundleValue(*row) for row in await tx.execute(wanted.with_for_update() if lock else wanted)]
    return await _with_parts(tx, found)


async def bundles(tx: Tx, *, cycle_id: int | None = None, ids: Collection[int] = ()) -> list[BundleValue]:
    """Return the bundles of a cycle, or of these ids, with their parts."""
    where = Bundle.cycle_id == cycle_id if cycle_id is not None else Bundle.id.in_(ids)
    wanted = select(*COLUMNS).where(Bundle.region_id == tx.region_id, where).order_by(Bundle.id)
    return await _with_parts(tx, [BundleValue(*row) for row in await tx.execute(wanted)])


async def _with_parts(tx: Tx, found: Sequence[BundleValue]) -> list[BundleValue]:
    if not found:
        return []
    here = (BundlePart.region_id == tx.region_id, BundlePart.bundle_id.in_([each.id for each in found]))
    columns = select(BundlePart.bundle_id, BundlePart.offer_id, BundlePart.quantity).where(*here)
    parts: dict[int, list[tuple[int, int]]] = {}
    for bundle_id, offer_id, quantity in await tx.execute(columns.order_by(BundlePart.offer_id)):
        parts.setdefault(bundle_id, []).append((offer_id, quantity))
    return [each._replace(parts=tuple(parts[each.id])) for each in found]


async def stop(tx: Tx, bundle_id: int) -> bool:
    """Stop a bundle and free its offers for another; False when there is none, or it was stopped."""
    here = (Bundle.region_id == tx.region_id, Bundle.id == bundle_id, Bundle.stopped_at.is_(None))
    done = await tx.execute(update(Bundle).where(*here).values(stopped_at=tx.now).returning(Bundle.id))
    parts = (BundlePart.region_id == tx.region_id, BundlePart.bundle_id == bundle_id)
    await tx.execute(update(BundlePart).where(*parts).values(running=False))
    return done.first() is not None


async def take(tx: Tx, uses: Sequence[Mapping[str, Any]]) -> None:
    """Store what bundles took off orders, and count it against their budgets."""
    fen: dict[int, int] = {}
    for use in uses:
        fen[use["bundle_id"]] = fen.get(use["bundle_id"], 0) + use["taken_fen"]
    ids = sorted(fen)
    await tx.execute(TAKE, {"region_id": tx.region_id, "ids": ids, "fen": [fen[id] for id in ids]})
    same = {"region_id": tx.region_id, "taken_at": tx.now, "given_back_at": None}
    await tx.execute(insert(BundleUse), [{**use, **same} for use in uses])


async def give_back(tx: Tx, order_ids: Collection[int]) -> None:
    """Give what cancelled orders took back to the budgets, once."""
    here = (BundleUse.region_id == tx.region_id, BundleUse.order_id.in_(order_ids), BundleUse.given_back_at.is_(None))
    found = (await tx.execute(select(BundleUse.bundle_id).where(*here).distinct())).scalars()
    ids = sorted(found)
    if not ids:
        return
    locked = (Bundle.region_id == tx.region_id, Bundle.id.in_(ids))
    await tx.execute(select(Bundle.id).where(*locked).order_by(Bundle.id).with_for_update())
    back = update(BundleUse).where(*here).values(given_back_at=tx.now)
    fen: dict[int, int] = dict.fromkeys(ids, 0)
    for bundle_id, taken in await tx.execute(back.returning(BundleUse.bundle_id, BundleUse.taken_fen)):
        fen[bundle_id] -= taken
    await tx.execute(TAKE, {"region_id": tx.region_id, "ids": ids, "fen": [fen[id] for id in ids]})


async def newcomers(tx: Tx, member_ids: Collection[int], *, lock: bool) -> dict[int, int | None]:
    """Return which order has a member's newcomer goods (None: none yet); locks a row for each in ascending order."""
    wanted = sorted(member_ids)
    if lock:
        rows = [{"region_id": tx.region_id, "member_id": member_id, "order_id": None} for member_id in wanted]
        await tx.execute(insert(Newcomer).values(rows).on_conflict_do_nothing())
    here = (Newcomer.region_id == tx.region_id, Newcomer.member_id.in_(wanted))
    found = select(Newcomer.member_id, Newcomer.order_id).where(*here).order_by(Newcomer.member_id)
    return {row[0]: row[1] for row in await tx.execute(found.with_for_update() if lock else found)}


async def buy_as_newcomer(tx: Tx, orders: Mapping[int, int]) -> None:
    """Note which orders have the newcomer goods (member → order)."""
    ids = sorted(orders)
    batch = {"region_id": tx.region_id, "ids": ids, "orders": [orders[id] for id in ids]}
    await tx.execute(BUY_AS_NEWCOMER, batch)


async def newcomers_again(tx: Tx, order_ids: Collection[int]) -> None:
    """Let the members of cancelled orders be newcomers again."""
    here = (Newcomer.region_id == tx.region_id, Newcomer.order_id.in_(order_ids))
    await tx.execute(update(Newcomer).where(*here).values(order_id=None))

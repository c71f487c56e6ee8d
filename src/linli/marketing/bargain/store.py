"""All SQL of bargains that commands need; bargains are always locked in ascending id."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from linli.marketing.bargain.model import BargainTerms, BargainValue
from linli.marketing.bargain.records import Bargain, BargainHelp, BargainOffer
from linli.platform.database import Tx

COLUMNS = [getattr(Bargain, name) for name in BargainValue._fields]
TERMS = [getattr(BargainOffer, name) for name in BargainTerms._fields]
BUY = text(
    "UPDATE marketing.bargains AS b SET order_id = w.order_id "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:orders AS bigint[])) AS w (id, order_id) "
    "WHERE b.region_id = :region_id AND b.id = w.id AND b.order_id IS NULL"
)


async def put_terms(tx: Tx, terms: BargainTerms) -> None:
    """Write how an offer is bargained for, in place of earlier terms."""
    row = {**terms._asdict(), "region_id": tx.region_id, "changed_at": tx.now, "by": tx.by}
    made = insert(BargainOffer).values(**row)
    await tx.execute(made.on_conflict_do_update(index_elements=["region_id", "offer_id"], set_=row))


async def terms_of(tx: Tx, offer_id: int) -> BargainTerms | None:
    """Return how an offer is bargained for."""
    here = (BargainOffer.region_id == tx.region_id, BargainOffer.offer_id == offer_id)
    row = (await tx.execute(select(*TERMS).where(*here))).first()
    return None if row is None else BargainTerms(*row)


async def add(tx: Tx, bargain: BargainValue, device: str) -> bool:
    """Insert a bargain; False when the member has one for this offer."""
    row = {**bargain._asdict(), "region_id": tx.region_id, "device": device}
    made = insert(Bargain).values(**row).on_conflict_do_nothing().returning(Bargain.id)
    return (await tx.execute(made)).first() is not None


async def bargains(tx: Tx, ids: Collection[int], *, lock: bool) -> dict[int, BargainValue]:
    """Return bargains by id, locked in ascending order when told so."""
    wanted = select(*COLUMNS).where(Bargain.region_id == tx.region_id, Bargain.id.in_(ids)).order_by(Bargain.id)
    found = await tx.execute(wanted.with_for_update() if lock else wanted)
    return {row.id: BargainValue(*row) for row in found}


async def of_member(tx: Tx, member_id: int, offer_id: int) -> BargainValue | None:
    """Return a member's bargain for an offer."""
    here = (Bargain.region_id == tx.region_id, Bargain.offer_id == offer_id, Bargain.member_id == member_id)
    row = (await tx.execute(select(*COLUMNS).where(*here))).first()
    return None if row is None else BargainValue(*row)


async def device_of(tx: Tx, bargain_id: int) -> str:
    """Return the hash of the device from which a bargain was started."""
    return str(
        await tx.scalar(select(Bargain.device).where(Bargain.region_id == tx.region_id, Bargain.id == bargain_id))
    )


async def helps_from(tx: Tx, bargain_id: int, address: str) -> int:
    """Return how many helps a bargain got from one address."""
    here = (BargainHelp.region_id == tx.region_id, BargainHelp.bargain_id == bargain_id, BargainHelp.address == address)
    return int(await tx.scalar(select(func.count()).select_from(BargainHelp).where(*here)))


async def add_help(tx: Tx, row: Mapping[str, Any]) -> bool:
    """Insert a help; False when the person, or the device, has helped with this offer."""
    made = insert(BargainHelp).values(**row, region_id=tx.region_id, at=tx.now)
    return (await tx.execute(made.on_conflict_do_nothing().returning(BargainHelp.member_id))).first() is not None


async def cut(tx: Tx, bargain_id: int, cut_fen: int) -> None:
    """Take a help off a locked bargain's price."""
    here = (Bargain.region_id == tx.region_id, Bargain.id == bargain_id)
    values = {"price_fen": Bargain.price_fen - cut_fen, "helped": Bargain.helped + 1}
    await tx.execute(update(Bargain).where(*here).values(**values))


async def buy(tx: Tx, orders: Mapping[int, int]) -> None:
    """Note which order bought which bargain (bargain → order)."""
    ids = sorted(orders)
    batch = {"region_id": tx.region_id, "ids": ids, "orders": [orders[id] for id in ids]}
    await tx.execute(BUY, batch)


async def give_back(tx: Tx, order_ids: Collection[int]) -> None:
    """Let the bargains of cancelled orders be bought again."""
    here = (Bargain.region_id == tx.region_id, Bargain.order_id.in_(order_ids))
    await tx.execute(update(Bargain).where(*here).values(order_id=None))

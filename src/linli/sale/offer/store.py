"""What offer commands read and write."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from linli.platform.database import Tx
from linli.sale.offer.records import Offer, OfferChange


async def add(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert an offer; False when the cycle sells this sku already in such an offer."""
    made = await tx.execute(insert(Offer).values(**row).on_conflict_do_nothing().returning(Offer.id))
    return made.first() is not None


async def locked(tx: Tx, offer_id: int) -> Offer | None:
    """Lock one offer's row and return it."""
    here = (Offer.region_id == tx.region_id, Offer.id == offer_id)
    return await tx.first(select(Offer).where(*here).with_for_update())


async def change(tx: Tx, offer_id: int, **values: Any) -> None:
    """Set columns of one offer."""
    await tx.execute(update(Offer).where(Offer.region_id == tx.region_id, Offer.id == offer_id).values(**values))


async def note(tx: Tx, before: Offer, changed: dict[str, Any], reason: str) -> None:
    """Write down who changed which terms of an offer, from what to what, and why."""
    pairs = {name: {"before": getattr(before, name), "after": new} for name, new in changed.items()}
    row = {
        "region_id": tx.region_id, "offer_id": before.id, "id": await tx.new_id(), "at": tx.now, "by": tx.by,
        "reason": reason, "changes": msgspec.to_builtins(pairs),
    }  # fmt: skip
    await tx.execute(insert(OfferChange).values(**row))

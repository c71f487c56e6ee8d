"""What the gate reads and writes: all offers of a cycle at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update

from linli.platform.database import Tx
from linli.sale.cycle.records import Cycle
from linli.sale.offer.records import Offer


def offers_something() -> ColumnElement[bool]:
    """Return the condition that a cycle offers something that was not withdrawn."""
    of_cycle = (Offer.region_id == Cycle.region_id, Offer.cycle_id == Cycle.id, Offer.withdrawn.is_(False))
    return exists(select(Offer.id).where(*of_cycle))


async def offered(tx: Tx, cycle_id: int) -> bool:
    """Tell whether a cycle offers something."""
    here = (Cycle.region_id == tx.region_id, Cycle.id == cycle_id, offers_something())
    return await tx.scalar(select(Cycle.id).where(*here)) is not None


async def set_on_sale(tx: Tx, cycle_id: int, on_sale: bool) -> None:
    """Put all offers of a cycle on or off sale, locked in the order in which baskets lock them."""
    here = (Offer.region_id == tx.region_id, Offer.cycle_id == cycle_id)
    await tx.execute(select(Offer.id).where(*here).order_by(Offer.id).with_for_update())
    await tx.execute(update(Offer).where(*here).values(on_sale=on_sale))


async def move_opening(tx: Tx, cycle_id: int, before: datetime, after: datetime) -> None:
    """Let the offers that opened with the cycle open ahead of their time; what has a slot of its own keeps it."""
    here = (Offer.region_id == tx.region_id, Offer.cycle_id == cycle_id, Offer.opens_at == before)
    await tx.execute(update(Offer).where(*here).values(opens_at=after, version=Offer.version + 1))


async def move_closing(tx: Tx, cycle_id: int, before: datetime, after: datetime) -> None:
    """Let the offers that closed with the cycle close at its new cut-off; what has a cut-off of its own keeps it."""
    here = (Offer.region_id == tx.region_id, Offer.cycle_id == cycle_id, Offer.closes_at == before)
    await tx.execute(update(Offer).where(*here).values(closes_at=after, version=Offer.version + 1))

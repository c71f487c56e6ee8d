"""Reading offers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields

from sqlalchemy import select

from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.sale.offer.model import OfferValue
from linli.sale.offer.records import Offer, OfferChange

NAMES = [field.name for field in fields(OfferValue)]
LISTS = ("pictures", "flags", "leader_levels", "community_ids")


class NoSuchOffer(NotFound):
    """There is no offer with this id in this region; facts: offer_id."""

    title = "没有这个商品"


def value(row: Offer) -> OfferValue:
    """Return a row as the plain value other rooms get."""
    copied = {name: getattr(row, name) for name in NAMES}
    return OfferValue(**{**copied, **{name: tuple(copied[name]) for name in LISTS}})


async def offers(tx: Tx, cycle_id: int | None = None, *, ids: Collection[int] | None = None) -> dict[int, OfferValue]:
    """Return the offers of a cycle, or those of these ids (of any cycle of the region), by id."""
    here = select(Offer).where(Offer.region_id == tx.region_id)
    if cycle_id is not None:
        here = here.where(Offer.cycle_id == cycle_id)
    if ids is not None:
        here = here.where(Offer.id.in_(set(ids)))
    return {row.id: value(row) for row in await tx.all(here.order_by(Offer.id))} if (cycle_id or ids) else {}


async def offer(tx: Tx, offer_id: int) -> OfferValue:
    """Return one offer; refuses NoSuchOffer."""
    found = await offers(tx, ids=[offer_id])
    if offer_id not in found:
        raise NoSuchOffer(f"no offer {offer_id}", offer_id=offer_id)
    return found[offer_id]


async def offer_page(
    tx: Tx, cycle_id: int, *, after: int = 0, limit: int = 50, shown_only: bool = False
) -> list[OfferValue]:
    """Return a page of a cycle's offers by id; `shown_only` leaves out what was withdrawn."""
    page = select(Offer).where(Offer.region_id == tx.region_id, Offer.cycle_id == cycle_id, Offer.id > after)
    if shown_only:
        page = page.where(Offer.withdrawn.is_(False))
    return [value(row) for row in await tx.all(page.order_by(Offer.id).limit(limit))]


async def changes(tx: Tx, offer_id: int) -> list[OfferChange]:
    """Return how an offer's terms were changed, the oldest change first."""
    here = (OfferChange.region_id == tx.region_id, OfferChange.offer_id == offer_id)
    return list(await tx.all(select(OfferChange).where(*here).order_by(OfferChange.id)))

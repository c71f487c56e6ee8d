"""Reading what members hold of limited offers, and offers by their cached value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from linli.platform.database import Tx
from linli.sale.offer.model import OfferValue
from linli.sale.offer.queries import offers
from linli.sale.stock import store
from linli.sale.stock.model import Shelf

MOST_CACHED = 50_000


async def holdings(tx: Tx, member_id: int, offer_ids: Sequence[int]) -> dict[int, int]:
    """Return how many pieces a member holds of these offers, of those that limit what a member may take."""
    return await store.held(tx, member_id, offer_ids)


async def terms_of(tx: Tx, shelves: Iterable[Shelf]) -> dict[int, OfferValue]:
    """Return the terms of offers whose rows were just read, from memory while their version is the same; `sold` is
    not to be read from it."""
    kept: dict[tuple[int, int], OfferValue] = tx.cache.setdefault("sale.terms", {})
    wanted = {(shelf.id, shelf.version) for shelf in shelves}
    missing = {key[0] for key in wanted if key not in kept}
    if missing:
        if len(kept) > MOST_CACHED:
            kept.clear()
        for offer_id, value in (await offers(tx, ids=missing)).items():
            kept[offer_id, value.version] = value
    return {key[0]: kept[key] for key in wanted}

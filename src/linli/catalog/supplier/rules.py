"""The pure choice of who supplies what."""

from __future__ import annotations

from collections.abc import Iterable

from linli.catalog.supplier.model import SupplyValue


def best(offers: Iterable[SupplyValue]) -> dict[int, SupplyValue]:
    """Return for each sku the cheapest supply that is available, ties to the supplier that was there first."""
    chosen: dict[int, SupplyValue] = {}
    for offer in sorted(offers, key=lambda each: (each.price_fen, each.supplier_id)):
        if offer.available:
            chosen.setdefault(offer.sku_id, offer)
    return chosen

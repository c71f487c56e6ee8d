"""Adding up what is wanted of a sku."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from linli.supply.demand.model import SkuDemand


def of_one_sku(wanted: Iterable[SkuDemand]) -> list[SkuDemand]:
    """Add up what a sku is wanted of by several offers (at its price, in a flash, by teams); the first one names it."""
    found: dict[int, SkuDemand] = {}
    for each in sorted(wanted, key=lambda each: (each.sku_id, each.offer_id)):
        before = found.get(each.sku_id)
        more = 0 if before is None else before.quantity
        found[each.sku_id] = replace(before or each, quantity=each.quantity + more)
    return list(found.values())

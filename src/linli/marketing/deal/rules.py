"""Pure decisions about deals: how often a bundle fits a basket and what it saves, and who is a newcomer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linli.kernel.money import split
from linli.kernel.price import Basket, Item, Outcome, rule
from linli.marketing.deal.model import BundleTerm, NewcomerTerm, Parts


@rule(BundleTerm)
def bundle_price(term: BundleTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Let complete bundles cost the bundle's price; what is saved is split over their pieces by what these cost."""
    if not term.starts_at <= basket.at < term.ends_at:
        return Outcome(refused="not_now")
    times = fits(term.parts, basket.items, term.most)
    if not times:
        return Outcome(refused="not_complete")
    needed = dict(term.parts)
    whole = [item.price_fen * needed.get(item.offer_id, 0) * times for item in basket.items]
    saved = sum(whole) - term.price_fen * times
    if saved <= 0:
        return Outcome(refused="no_saving")
    return Outcome([min(part, left[at]) for at, part in enumerate(split(saved, whole))])


@rule(NewcomerTerm)
def newcomer_only(term: NewcomerTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Hold for a member without a paid order."""
    return Outcome(refused="not_a_newcomer") if basket.buyer.orders_paid else Outcome([0 for _ in left])


def fits(parts: Parts, items: Sequence[Item], most: int) -> int:
    """Return how often a bundle is complete in a basket: the least of its parts, `most` times unless that is 0."""
    pieces = {item.offer_id: item.quantity for item in items}
    times = min(pieces.get(offer_id, 0) // quantity for offer_id, quantity in parts)
    return min(times, most) if most else times


def saving(parts: Parts, price_fen: int, items: Sequence[Item], most: int) -> int:
    """Return what a bundle takes off a basket at most, in fen."""
    prices = {item.offer_id: item.price_fen for item in items}
    times = fits(parts, items, most)
    return max(0, sum(prices.get(id, 0) * quantity for id, quantity in parts) - price_fen) * times


def bundle_trouble(
    parts: Parts, price_fen: int, prices: Mapping[int, int], costs: Mapping[int, int], budget_fen: int | None
) -> str:
    """Return why offers cannot be bundled like this, or nothing; below cost only within a budget."""
    if len(parts) < 2 or len(dict(parts)) < len(parts):
        return "not_several_offers"
    if any(offer_id not in prices for offer_id, _ in parts):
        return "offer_of_another_cycle"
    if not 0 < price_fen < sum(prices[offer_id] * quantity for offer_id, quantity in parts):
        return "price_not_below_the_parts"
    below = price_fen < sum(costs[offer_id] * quantity for offer_id, quantity in parts)
    return "below_cost_without_budget" if below and not budget_fen else ""

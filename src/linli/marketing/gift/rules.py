"""When a gift is free."""

from __future__ import annotations

from collections.abc import Sequence

from linli.kernel.price import Basket, Outcome, rule
from linli.marketing.gift.model import GIFT, GiftTerm, GiftValue


@rule(GiftTerm)
def give(term: GiftTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Take one piece of the first gift of the campaign off, when the rest of the basket earns it."""
    if term.had:
        return Outcome(refused="had_it_before")
    if not term.starts_at <= basket.at < term.ends_at:
        return Outcome(refused="not_running")
    if term.newcomers_only and basket.buyer.orders_paid:
        return Outcome(refused="not_first_order")
    bought = sum([fen for fen, item in zip(left, basket.items, strict=True) if item.kind != GIFT])
    if bought < term.threshold_fen:
        return Outcome(refused=f"missing_fen:{term.threshold_fen - bought}")
    parts = [0] * len(left)
    for at, item in enumerate(basket.items):
        if item.kind == GIFT and left[at] and (not term.offer_ids or item.offer_id in term.offer_ids):
            parts[at] = min(item.price_fen, left[at])
            return Outcome(parts)
    return Outcome(refused="no_gift_in_basket")


def term_of(gift: GiftValue, *, had: bool) -> GiftTerm:
    """Return the term that a gift campaign becomes for a member."""
    return GiftTerm(
        source=f"gift:{gift.id}", label=gift.title, offer_ids=tuple(gift.offer_ids), threshold_fen=gift.threshold_fen,
        newcomers_only=gift.newcomers_only, had=had, starts_at=gift.starts_at, ends_at=gift.ends_at,
    )  # fmt: skip

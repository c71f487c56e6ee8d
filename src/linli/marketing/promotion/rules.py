"""The pure rule of the delivery fee."""

from __future__ import annotations

from collections.abc import Sequence

from linli.kernel.price import Basket, Outcome, rule
from linli.marketing.promotion.model import DeliveryFee


@rule(DeliveryFee)
def delivery_fee(term: DeliveryFee, basket: Basket, left: Sequence[int]) -> Outcome:
    """Add the fee, unless what is still to be paid for the goods reaches the amount from which sending is free."""
    if term.free_from_fen is not None and sum(left) >= term.free_from_fen:
        return Outcome(refused="free_delivery")
    return Outcome(fee_fen=term.fee_fen)

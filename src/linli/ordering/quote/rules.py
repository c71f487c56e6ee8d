"""Pure decisions about baskets before and after they are priced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from linli.kernel.price import Quote
from linli.kernel.refusals import BadInput, Conflict, Refusal

EXPRESS = "express"
LARGEST_QUANTITY = 9_999
MOST_LINES = 100


class BasketEmpty(BadInput):
    """A basket without a single line."""

    title = "还没有选商品"


class BasketTooLong(BadInput):
    """More different offers than one order may hold."""

    title = "商品种类太多"


class QuantityRefused(BadInput):
    """A quantity that is not a whole number of pieces within 1 and the largest one."""

    title = "数量不对"


class OfferMix(Conflict):
    """What suppliers send themselves (express) is ordered apart from what comes to the station."""

    title = "直发商品请单独下单"


class OnlyStanding(Conflict):
    """The offer is for standing orders (周期购) only; facts: offer_id."""

    title = "该商品仅限周期购"


class CouponsInSeveralOrders(BadInput):
    """Coupons are chosen in one order of a basket only; facts: orders (which ones chose some, from 0)."""

    title = "优惠券只能用于其中一单"


def gather(lines: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Add up the pieces per offer, in ascending offer id; refuses BasketEmpty, BasketTooLong and QuantityRefused."""
    basket: dict[int, int] = {}
    for offer_id, quantity in lines:
        if type(quantity) is not int or not 1 <= quantity <= LARGEST_QUANTITY:
            raise QuantityRefused(f"a quantity is 1 to {LARGEST_QUANTITY}", offer_id=str(offer_id))
        basket[offer_id] = basket.get(offer_id, 0) + quantity
        if basket[offer_id] > LARGEST_QUANTITY:
            raise QuantityRefused(f"a quantity is 1 to {LARGEST_QUANTITY}", offer_id=str(offer_id))
    if not basket:
        raise BasketEmpty("nothing is wanted")
    if len(basket) > MOST_LINES:
        raise BasketTooLong(f"an order holds {MOST_LINES} offers at most", most=MOST_LINES)
    return dict(sorted(basket.items()))


def check_kinds(kinds: Mapping[int, str], *, standing: bool) -> None:
    """Refuse OnlyStanding for an order by hand of what is offered (offer id → kind) to standing orders only, and
    OfferMix for express together with anything else."""
    if EXPRESS in kinds.values() and set(kinds.values()) != {EXPRESS}:
        raise OfferMix("order express offers apart")
    for offer_id, kind in kinds.items():
        if kind == "standing" and not standing:
            raise OnlyStanding("subscribe to it instead", offer_id=str(offer_id))


def differences(quote: Quote, seen_fen: int) -> Mapping[str, object]:
    """Return the facts of a changed price for the client: what was expected and what it is now, line by line."""
    return {
        "expected_fen": seen_fen,
        "payable_fen": quote.payable_fen,
        "lines": [
            {"offer_id": str(line.offer_id), "unit_price_fen": line.unit_price_fen, "payable_fen": line.payable_fen}
            for line in quote.lines
        ],
    }


def check_coupons(chosen: Sequence[Mapping[str, Any]]) -> None:
    """Refuse CouponsInSeveralOrders when more than one order of a basket uses coupons."""
    with_coupons = [at for at, using in enumerate(chosen) if using.get("coupon")]
    if len(with_coupons) > 1:
        raise CouponsInSeveralOrders("coupons are for one order of a basket", orders=with_coupons)


def naming(refusal: Refusal, at: int, cycle_id: int) -> Refusal:
    """Return a refusal that also says which order of a basket it is about."""
    refusal.facts = {**refusal.facts, "order": at, "cycle_id": str(cycle_id)}
    return refusal

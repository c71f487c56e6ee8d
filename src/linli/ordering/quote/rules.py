"""The pure price function: offer prices, then discounts split to lines to the fen, then fees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from linli.kernel.money import MAX_FEN, split
from linli.kernel.refusals import BadInput
from linli.ordering.quote.model import LARGEST_QUANTITY, MOST_LINES, Discount, Quote, QuoteLine, Wanted


class BasketEmpty(BadInput):
    """A basket without a single line."""

    title = "还没有选商品"


class BasketTooLong(BadInput):
    """More different offers than one order may hold."""

    title = "商品种类太多"


class QuantityRefused(BadInput):
    """A quantity that is not a whole number of pieces within 1 and the largest one."""

    title = "数量不对"


class AmountTooLarge(BadInput):
    """The basket comes to more than any amount can be."""

    title = "金额太大"


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


def price(basket: Sequence[Wanted], discounts: Sequence[Discount] = (), fee_fen: int = 0) -> Quote:
    """Price a basket in fen: no line falls below zero, Σ lines + fee = payable; refuses AmountTooLarge."""
    goods = [item.quantity * item.unit_price_fen for item in basket]
    if sum(goods) + fee_fen > MAX_FEN:
        raise AmountTooLarge("the basket is too dear to be true")
    left = list(goods)
    taken: list[list[tuple[str, int]]] = [[] for _ in basket]
    totals: list[tuple[str, int]] = []
    for discount in discounts:
        parts = _parts(discount, basket, left)
        for at, part in enumerate(parts):
            if part:
                left[at] -= part
                taken[at].append((discount.source, part))
        if any(parts):
            totals.append((discount.source, sum(parts)))
    lines = tuple(
        QuoteLine(item.offer_id, item.quantity, item.unit_price_fen, goods[at], tuple(taken[at]), left[at])
        for at, item in enumerate(basket)
    )
    return Quote(lines, sum(goods), tuple(totals), fee_fen, sum(left) + fee_fen)


def _parts(discount: Discount, basket: Sequence[Wanted], left: Sequence[int]) -> list[int]:
    """Split a discount over the lines it is for, in proportion to what they still come to, never more than that."""
    if discount.amount_fen < 0:
        raise ValueError("a discount takes off, it does not add")
    open_fen = [
        fen if not discount.offer_ids or item.offer_id in discount.offer_ids else 0
        for item, fen in zip(basket, left, strict=True)
    ]
    return split(min(discount.amount_fen, sum(open_fen)), open_fen)


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

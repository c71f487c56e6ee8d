"""The price of a basket: one pure function, the order of its rules, and what a rule is; all amounts in fen.

`Stage` is the order in which rules take off. A rule is a pure function of one kind of term (a coupon, a step, a team
price …) that answers with an `Outcome`; it registers itself with `@rule`. What a basket is priced from is stored with
the order, so that pricing it again gives the same fen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple, TypeVar

from linli.kernel.money import MAX_FEN, split
from linli.kernel.refusals import BadInput


class Stage(IntEnum):
    """The order of rules: what a piece costs, the member's tier, steps, coupon, points, then fees and points earned."""

    UNIT = 10  # team, bargain, newcomer, bundle: what a piece costs
    TIER = 20  # 会员等级折
    STEP = 30  # 满量, 满减, 满赠
    COUPON = 40
    POINTS = 50
    FEE = 60  # delivery
    EARN = 70  # points that the order will earn; takes nothing off


class AmountTooLarge(BadInput):
    """The basket comes to more than any amount can be."""

    title = "金额太大"


class Item(NamedTuple):
    """One offer of a basket: pieces, its price a piece in fen, and what rules may ask about it."""

    offer_id: int
    quantity: int
    price_fen: int
    category_id: int = 0
    kind: str = "normal"
    flags: tuple[str, ...] = ()


class Buyer(NamedTuple):
    """What rules may ask about the member who buys; `orders_paid` counts orders ever paid."""

    orders_paid: int = 0
    segment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Mother of terms: one concrete promotion in force for a basket.

    `source` says which one (coupon:7), `label` is what the receipt prints, `asked` that the member chose it, so that
    an order is refused rather than placed without it.
    """

    kind: ClassVar[str] = ""
    stage: ClassVar[Stage]
    source: str
    label: str
    asked: bool = False


class Stacking(NamedTuple):
    """Which kinds may meet in one basket: at most so many terms of a kind, and pairs of kinds that stay apart."""

    most: Mapping[str, int] = {"coupon": 1}
    apart: frozenset[tuple[str, str]] = frozenset()


DEFAULT_STACKING = Stacking()


class Basket(NamedTuple):
    """All that a price depends on: what is wanted, who buys, when, under which terms."""

    items: tuple[Item, ...]
    buyer: Buyer = Buyer()
    at: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    terms: tuple[Term, ...] = ()
    stacking: Stacking = DEFAULT_STACKING


class Outcome(NamedTuple):
    """What a rule decides: fen off each item (same order as the basket's), a fee, points earned, or why it is not
    applied."""

    parts: Sequence[int] = ()
    fee_fen: int = 0
    points: int = 0
    refused: str = ""


class QuoteLine(NamedTuple):
    """One priced line in fen: payable = goods − the sum of its discounts, which name their source."""

    offer_id: int
    quantity: int
    unit_price_fen: int
    goods_fen: int
    discounts: tuple[tuple[str, int], ...]
    payable_fen: int


class Step(NamedTuple):
    """One term that counted, in the order in which terms counted: fen taken off (or added, for a fee)."""

    source: str
    label: str
    amount_fen: int


class Quote(NamedTuple):
    """A priced basket in fen: payable = goods − discounts + fee = Σ lines + fee; `unused` says why a term does not
    count."""

    lines: tuple[QuoteLine, ...]
    goods_fen: int
    discounts: tuple[tuple[str, int], ...]
    fee_fen: int
    payable_fen: int
    steps: tuple[Step, ...] = ()
    points: int = 0
    unused: tuple[tuple[str, str], ...] = ()


T = TypeVar("T", bound=Term)
Rule = Callable[[Any, Basket, Sequence[int]], Outcome]
RULES: dict[str, Rule] = {}
KINDS: dict[str, type[Term]] = {}


def rule(term: type[T]) -> Callable[[Callable[[T, Basket, Sequence[int]], Outcome]], Rule]:
    """Register the pure rule of a kind of term; it gets the term, the basket and what each item still comes to."""

    def register(function: Callable[[T, Basket, Sequence[int]], Outcome]) -> Rule:
        if RULES.setdefault(term.kind, function).__qualname__ != function.__qualname__:
            raise ValueError(f"two rules for the kind {term.kind}")
        KINDS[term.kind] = term
        return function

    return register


def spread(amount_fen: int, left: Sequence[int], among: Sequence[bool] | None = None) -> Outcome:
    """Take an amount off the items it is for in proportion to what they still come to, never more than that, the
    remainder by largest fraction."""
    open_fen = [fen if among is None or among[at] else 0 for at, fen in enumerate(left)]
    return Outcome(split(min(amount_fen, sum(open_fen)), open_fen))


def price(basket: Basket) -> Quote:
    """Price a basket: Σ lines + fee = payable, no line below zero, the order of items changes nothing.

    Refuses AmountTooLarge.
    """
    items = sorted(basket.items)
    goods = [item.quantity * item.price_fen for item in items]
    whole = sum(goods)
    if whole > MAX_FEN:
        raise AmountTooLarge("the basket is too dear to be true")
    if not basket.terms:
        plain = tuple(QuoteLine(*item[:3], fen, (), fen) for item, fen in zip(items, goods, strict=True))
        return Quote(plain, whole, (), 0, whole)
    return _under_terms(basket._replace(items=tuple(items)), goods, whole)


def _under_terms(basket: Basket, goods: list[int], whole: int) -> Quote:
    left = list(goods)
    taken: list[list[tuple[str, int]]] = [[] for _ in left]
    met: dict[str, int] = {}
    steps: list[Step] = []
    unused: list[tuple[str, str]] = []
    fee = points = 0
    for term in sorted(basket.terms, key=_turn):
        outcome = _apart(basket.stacking, met, term.kind) or RULES[term.kind](term, basket, left)
        if outcome.refused:
            unused.append((term.source, outcome.refused))
            continue
        met[term.kind] = met.get(term.kind, 0) + 1
        off = _take_off(outcome.parts, term.source, left, taken)
        steps.append(Step(term.source, term.label, outcome.fee_fen - off))
        fee += outcome.fee_fen
        points += outcome.points
    lines = tuple(
        QuoteLine(item.offer_id, item.quantity, item.price_fen, goods[at], tuple(taken[at]), left[at])
        for at, item in enumerate(basket.items)
    )
    off_by = tuple((step.source, -step.amount_fen) for step in steps if step.amount_fen < 0)
    return Quote(lines, whole, off_by, fee, sum(left) + fee, tuple(steps), points, tuple(unused))


def _turn(term: Term) -> tuple[int, str]:
    return term.stage, term.source


def _apart(stacking: Stacking, met: Mapping[str, int], kind: str) -> Outcome | None:
    if met.get(kind, 0) >= stacking.most.get(kind, 100):
        return Outcome(refused="too_many")
    if stacking.apart and any((kind, other) in stacking.apart or (other, kind) in stacking.apart for other in met):
        return Outcome(refused="does_not_stack")
    return None


def _take_off(parts: Sequence[int], source: str, left: list[int], taken: list[list[tuple[str, int]]]) -> int:
    for at, part in enumerate(parts):
        if not 0 <= part <= left[at]:
            raise ValueError(f"{source} takes {part} fen off a line that comes to {left[at]}")
        if part:
            left[at] -= part
            taken[at].append((source, part))
    return sum(parts)

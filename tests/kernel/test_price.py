"""The price function by itself, with terms made for the test: sums, order of rules, stacking, permutation."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.price import (
    KINDS,
    RULES,
    AmountTooLarge,
    Basket,
    Item,
    Outcome,
    Stacking,
    Stage,
    Term,
    price,
    rule,
    spread,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Off(Term):
    """Takes an amount off some offers (all when none is named)."""

    kind: ClassVar[str] = "test_off"
    stage: ClassVar[Stage] = Stage.COUPON
    fen: int
    offers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenth(Term):
    """Takes a tenth off everything, rounded down."""

    kind: ClassVar[str] = "test_tenth"
    stage: ClassVar[Stage] = Stage.TIER


@dataclass(frozen=True, slots=True, kw_only=True)
class Van(Term):
    """Adds a fee."""

    kind: ClassVar[str] = "test_van"
    stage: ClassVar[Stage] = Stage.FEE
    fen: int


@pytest.fixture(autouse=True, scope="module")
def _kinds() -> Iterator[None]:
    @rule(Off)
    def off(term: Off, basket: Basket, left: Sequence[int]) -> Outcome:
        return spread(term.fen, left, [item.offer_id in (term.offers or [item.offer_id]) for item in basket.items])

    @rule(Tenth)
    def tenth(term: Tenth, basket: Basket, left: Sequence[int]) -> Outcome:
        return Outcome([fen // 10 for fen in left])

    @rule(Van)
    def van(term: Van, basket: Basket, left: Sequence[int]) -> Outcome:
        return Outcome(fee_fen=term.fen)

    yield
    for kind in ("test_off", "test_tenth", "test_van"):
        del RULES[kind], KINDS[kind]


items = st.lists(st.tuples(st.integers(1, 99), st.integers(0, 200_000)), min_size=1, max_size=20).map(
    lambda lines: tuple(Item(number, quantity, fen) for number, (quantity, fen) in enumerate(lines, start=1))
)
offs = st.builds(
    Off, source=st.sampled_from(["test_off:1", "test_off:2"]), label=st.just("减"), fen=st.integers(0, 10**8),
    offers=st.lists(st.integers(1, 20), max_size=3).map(tuple),
)  # fmt: skip
terms = st.lists(
    offs
    | st.builds(Tenth, source=st.just("test_tenth:1"), label=st.just("九折"))
    | st.builds(Van, source=st.just("test_van:1"), label=st.just("运费"), fen=st.integers(0, 5_000)),
    max_size=5,
).map(tuple)


@pytest.mark.rule("PRC-1")
@given(items)
def test_without_terms_a_line_is_price_times_quantity(basket: tuple[Item, ...]) -> None:
    quote = price(Basket(basket))
    assert [line.payable_fen for line in quote.lines] == [item.quantity * item.price_fen for item in basket]
    assert quote.payable_fen == quote.goods_fen


@pytest.mark.rule("PRC-2")
@pytest.mark.rule("PRC-3")
@given(items, terms)
def test_lines_sum_to_the_order_to_the_fen_and_none_falls_below_zero(
    basket: tuple[Item, ...], chosen: tuple[Term, ...]
) -> None:
    quote = price(Basket(basket, terms=chosen))
    assert quote.payable_fen == sum(line.payable_fen for line in quote.lines) + quote.fee_fen
    assert sum(fen for _, fen in quote.discounts) == quote.goods_fen - (quote.payable_fen - quote.fee_fen)
    assert sum(step.amount_fen for step in quote.steps) == quote.payable_fen - quote.goods_fen
    for line in quote.lines:
        assert line.payable_fen >= 0
        assert line.payable_fen == line.goods_fen - sum(fen for _, fen in line.discounts)


@pytest.mark.rule("PRC-1")
@given(items, terms, st.integers(0, 2**32))
def test_the_order_in_which_things_are_named_changes_nothing(
    basket: tuple[Item, ...], chosen: tuple[Term, ...], seed: int
) -> None:
    shuffled, terms_too = list(basket), list({term.source: term for term in chosen}.values())
    first = price(Basket(basket, terms=tuple(terms_too)))
    random.Random(seed).shuffle(shuffled)
    random.Random(seed).shuffle(terms_too)
    assert price(Basket(tuple(shuffled), terms=tuple(terms_too))) == first


@pytest.mark.rule("PRC-1")
@given(items, st.integers(1, 20), st.integers(1, 9))
def test_one_more_piece_never_costs_less_where_no_step_is_reached(
    basket: tuple[Item, ...], which: int, more: int
) -> None:
    tenth = (Tenth(source="test_tenth:1", label="九折"),)
    at = which % len(basket)
    grown = tuple(item._replace(quantity=item.quantity + more) if n == at else item for n, item in enumerate(basket))
    assert price(Basket(grown, terms=tenth)).payable_fen >= price(Basket(basket, terms=tenth)).payable_fen


@pytest.mark.rule("PRC-2")
def test_rules_take_off_in_the_order_of_their_stages_and_the_receipt_says_so() -> None:
    basket = Basket(
        (Item(1, 2, 5_000),),
        terms=(
            Van(source="test_van:1", label="运费", fen=300),
            Off(source="test_off:1", label="满减", fen=1_000),
            Tenth(source="test_tenth:1", label="九折"),
        ),
    )
    quote = price(basket)
    assert [(step.source, step.amount_fen) for step in quote.steps] == [
        ("test_tenth:1", -1_000), ("test_off:1", -1_000), ("test_van:1", 300),
    ]  # fmt: skip
    assert (quote.payable_fen, quote.fee_fen) == (8_300, 300)


@pytest.mark.rule("PRC-2")
def test_what_may_stack_is_data_and_what_does_not_count_says_why() -> None:
    two = (Off(source="test_off:1", label="减", fen=100), Off(source="test_off:2", label="减", fen=100))
    once = Stacking({"test_off": 1})
    quote = price(Basket((Item(1, 1, 1_000),), terms=two, stacking=once))
    assert (quote.payable_fen, quote.unused) == (900, (("test_off:2", "too_many"),))
    apart = Stacking({}, frozenset({("test_off", "test_tenth")}))
    mixed = (two[0], Tenth(source="test_tenth:1", label="九折"))
    quote = price(Basket((Item(1, 1, 1_000),), terms=mixed, stacking=apart))
    assert (quote.payable_fen, quote.unused) == (900, (("test_off:1", "does_not_stack"),))


@pytest.mark.rule("PRC-3")
@given(items, st.integers(0, 10**8))
def test_a_discount_for_one_offer_touches_no_other(basket: tuple[Item, ...], fen: int) -> None:
    quote = price(Basket(basket, terms=(Off(source="test_off:1", label="减", fen=fen, offers=(1,)),)))
    assert all(not line.discounts for line in quote.lines[1:])


def test_a_basket_too_dear_to_be_true_is_refused_and_a_greedy_rule_is_a_bug() -> None:
    with pytest.raises(AmountTooLarge):
        price(Basket((Item(1, 9_999, 10**11),)))
    greedy = Tenth(source="test_tenth:1", label="")
    RULES["test_tenth"], honest = (lambda term, basket, left: Outcome([left[0] + 1])), RULES["test_tenth"]
    with pytest.raises(ValueError, match="takes"):
        price(Basket((Item(1, 1, 10),), terms=(greedy,)))
    RULES["test_tenth"] = honest

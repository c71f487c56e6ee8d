"""The price of a basket under every kind of promotion at once: sums, floors, order, replay, and what never rises."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.price import KINDS, Basket, Buyer, price
from linli.marketing.step.rules import most_off
from linli.ordering.quote.queries import as_json, from_json
from tests.marketing.terms import (
    NOON,
    apples,
    baskets,
    buyers,
    coupon,
    coupons,
    gift,
    items,
    points,
    step,
    steps,
    tier,
)


def test_every_kind_there_is_takes_part_in_these_tests() -> None:
    drawn = {"coupon", "step", "tier", "gift", "points", "earn", "team", "bargain", "bundle", "newcomer", "delivery"}
    assert set(KINDS) == drawn


@pytest.mark.rule("PRC-3")
@given(baskets)
def test_whatever_meets_in_a_basket_the_lines_sum_to_the_order_and_none_is_below_zero(basket: Basket) -> None:
    quote = price(basket)
    assert sum(line.payable_fen for line in quote.lines) + quote.fee_fen == quote.payable_fen
    assert quote.goods_fen - sum(fen for _, fen in quote.discounts) + quote.fee_fen == quote.payable_fen
    for line in quote.lines:
        assert line.payable_fen >= 0
        assert line.goods_fen - sum(fen for _, fen in line.discounts) == line.payable_fen
    for source, fen in quote.discounts:
        assert fen == sum(part for line in quote.lines for name, part in line.discounts if name == source)


@pytest.mark.rule("PRC-1")
@given(baskets, st.randoms(use_true_random=False))
def test_neither_the_order_of_goods_nor_of_promotions_changes_a_fen(basket: Basket, dice: random.Random) -> None:
    mixed_items, mixed_terms = list(basket.items), list(basket.terms)
    dice.shuffle(mixed_items)
    dice.shuffle(mixed_terms)
    assert price(basket._replace(items=tuple(mixed_items), terms=tuple(mixed_terms))) == price(basket)


@pytest.mark.rule("PRC-1")
@given(baskets)
def test_an_order_priced_again_from_what_was_stored_with_it_costs_the_same_fen(basket: Basket) -> None:
    stored = msgspec.json.decode(msgspec.json.encode(as_json(basket)))
    assert price(from_json(stored)) == price(basket)


@pytest.mark.rule("PRC-2")
@given(baskets)
def test_rules_take_their_turn_and_no_more_coupons_count_than_stacking_allows(basket: Basket) -> None:
    quote = price(basket)
    stage = {term.source: term.stage for term in basket.terms}
    turns = [stage[taken.source] for taken in quote.steps]
    assert turns == sorted(turns)
    assert sum(taken.source.startswith("coupon:") for taken in quote.steps) <= basket.stacking.most["coupon"]
    assert {taken.source for taken in quote.steps} | {source for source, _ in quote.unused} == set(stage)


@pytest.mark.rule("PRC-2")
@given(baskets, coupons)
def test_a_coupon_never_makes_a_basket_dearer(basket: Basket, one: object) -> None:
    without = tuple(term for term in basket.terms if term.kind != "coupon")
    plain = basket._replace(terms=without, stacking=Basket(()).stacking)
    with_it = plain._replace(terms=(*without, one))  # type: ignore[arg-type]
    assert price(with_it).payable_fen <= price(plain).payable_fen


@pytest.mark.rule("MEM-6")
@given(items, st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10_000))
def test_more_points_never_cost_more_and_never_pay_more_than_their_share(
    goods: tuple[object, ...], some: int, more: int, most_bp: int
) -> None:
    def payable(count: int) -> int:
        return price(Basket(goods, at=NOON, terms=(points(count, most_bp=most_bp),))).payable_fen  # type: ignore[arg-type]

    whole = price(Basket(goods)).payable_fen  # type: ignore[arg-type]
    assert payable(some + more) <= payable(some) <= whole
    assert (whole - payable(some + more)) * 10_000 <= whole * most_bp + 5_000


@given(steps, st.integers(1, 20_000), st.integers(1, 500), st.integers(0, 500), buyers)
def test_whoever_takes_more_of_the_same_is_given_no_less(
    one: object, fen: int, pieces: int, more: int, buyer: Buyer
) -> None:
    def off(count: int) -> int:
        quote = price(Basket((apples(fen, count),), buyer, NOON, (one,)))  # type: ignore[arg-type]
        return quote.goods_fen - quote.payable_fen

    assert off(pieces) <= off(pieces + more)


@pytest.mark.rule("CYC-6")
@given(baskets)
def test_no_campaign_takes_more_than_was_kept_free_for_it_in_its_budget(basket: Basket) -> None:
    most = {term.source: most_off(term, basket) for term in basket.terms if term.kind in ("step", "tier")}
    for source, fen in price(basket).discounts:
        assert fen <= most.get(source, fen)


@pytest.mark.rule("PRC-2")
def test_one_basket_meets_tier_then_step_then_coupon_then_points() -> None:
    terms = (points(10_000), coupon(threshold_fen=8_000), step(), tier())
    quote = price(Basket((apples(10_600),), Buyer(3, "core"), NOON, terms))
    # 106.00 − 5.30 (95 折) = 100.70; 满100减12 → 88.70; 券 5 → 83.70; points pay a fifth of that → 66.96
    assert [(taken.source, -taken.amount_fen) for taken in quote.steps] == [
        ("step:9", 530), ("step:1", 1_200), ("coupon:1", 500), ("points:1", 1_674),
    ]  # fmt: skip
    assert quote.payable_fen == 6_696


@pytest.mark.rule("PRC-2")
def test_a_discount_before_can_break_the_threshold_of_a_later_one() -> None:
    quote = price(Basket((apples(10_000),), Buyer(3, "core"), NOON, (step(), tier(), coupon(threshold_fen=9_100))))
    assert quote.payable_fen == 10_000 - 500 - 500
    assert quote.unused == (("coupon:1", "missing_fen:100"),)


@pytest.mark.rule("MEM-6")
@pytest.mark.parametrize(
    ("bought", "buyer", "had", "payable", "why"),
    [
        (3_000, Buyer(0), False, 3_000, ""),
        (2_999, Buyer(0), False, 2_999 + 980, "missing_fen:1"),
        (9_000, Buyer(1), False, 9_000 + 980, "not_first_order"),
        (9_000, Buyer(0), True, 9_000 + 980, "had_it_before"),
    ],
)
def test_eggs_are_free_for_newcomers_from_thirty_yuan_on_once(
    bought: int, buyer: Buyer, had: bool, payable: int, why: str
) -> None:
    eggs = apples(980, offer_id=2, kind="gift")
    quote = price(Basket((apples(bought), eggs), buyer, NOON, (gift(had=had),)))
    assert quote.payable_fen == payable
    assert [reason for _, reason in quote.unused] == ([why] if why else [])


@pytest.mark.rule("MKT-1")
@pytest.mark.parametrize(
    ("given", "off"),
    [
        ({"off_fen": 500, "threshold_fen": 5_000}, 500),
        ({"form": "percent", "off_bp": 1_000, "off_fen": 0}, 700),
        ({"form": "percent", "off_bp": 1_000, "off_fen": 300}, 300),
        ({"form": "exchange", "off_fen": 0, "category_ids": (2,)}, 1_000),
        ({"form": "exchange", "off_fen": 999, "category_ids": (2,)}, "nothing_covered"),
        ({"off_fen": 5_000, "category_ids": (2,)}, 2_000),
        ({"off_fen": 500, "offer_ids": (1,), "threshold_fen": 5_001}, "missing_fen:1"),
        ({"off_fen": 500, "segment": "core"}, "other_segment"),
        ({"off_fen": 500, "first_order": True}, "not_first_order"),
        ({"off_fen": 500, "valid_until": NOON}, "expired"),
        ({"off_fen": 500, "offer_ids": (77,)}, "nothing_covered"),
    ],
)
def test_each_form_and_condition_of_a_coupon(given: dict[str, Any], off: int | str) -> None:
    goods = (apples(5_000), apples(1_000, 2, offer_id=2, category_id=2))
    quote = price(Basket(goods, Buyer(4, "active"), NOON, (coupon(**given),)))
    if isinstance(off, str):
        assert (quote.payable_fen, quote.unused) == (7_000, (("coupon:1", off),))
    else:
        assert quote.payable_fen == 7_000 - off


@pytest.mark.rule("PRC-2")
def test_by_default_one_coupon_counts_and_the_other_says_why_not() -> None:
    quote = price(Basket((apples(5_000),), Buyer(), NOON, (coupon(1), coupon(2))))
    assert quote.payable_fen == 4_500
    assert quote.unused == (("coupon:2", "too_many"),)

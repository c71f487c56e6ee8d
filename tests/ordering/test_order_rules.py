"""Properties of prices, refunds, recognised amounts and of matching goods: to the fen, in every order of events."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.ordering.draft.model import Goods
from linli.ordering.draft.rules import match_item, plain, same_chain
from linli.ordering.order.model import ORDER, OrderState
from linli.ordering.order.rules import draw_code, recognised, refund_for_pieces
from linli.ordering.quote.rules import BasketEmpty, BasketTooLong, QuantityRefused, gather


def test_baskets_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BasketEmpty):
        gather([])
    for quantity in (0, -1, 10_000, 10**30, True, 1.5, "2"):
        with pytest.raises(QuantityRefused):
            gather([(1, quantity)])  # type: ignore[list-item]
    with pytest.raises(QuantityRefused):
        gather([(1, 9_999), (1, 1)])
    with pytest.raises(BasketTooLong):
        gather([(number, 1) for number in range(101)])
    assert gather([(2, 1), (1, 3), (2, 4)]) == {1: 3, 2: 5}


@pytest.mark.rule("PAY-6")
@given(st.integers(0, 10**7), st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_pieces_refunded_in_any_steps_give_back_exactly_what_was_paid(paid_fen: int, steps: list[int]) -> None:
    quantity, refunded, back = sum(steps), 0, 0
    for pieces in steps:
        back += refund_for_pieces(paid_fen, back, quantity, refunded, pieces)
        refunded += pieces
        assert 0 <= back <= paid_fen
    assert back == paid_fen


@pytest.mark.rule("PAY-6")
@given(st.integers(0, 10**7), st.data())
def test_pieces_after_a_compensation_never_give_back_more_than_was_paid(paid_fen: int, data: st.DataObject) -> None:
    quantity = data.draw(st.integers(1, 20))
    compensated = data.draw(st.integers(0, paid_fen))
    assert compensated + refund_for_pieces(paid_fen, compensated, quantity, 0, quantity) <= paid_fen


@given(st.integers(0, 10**7), st.integers(1, 30), st.data())
def test_what_a_line_earned_grows_with_what_was_handed_over_and_ends_at_what_is_kept(
    paid_fen: int, quantity: int, data: st.DataObject
) -> None:
    refunded = data.draw(st.integers(0, paid_fen))
    short = data.draw(st.integers(0, quantity - 1))
    earned = [recognised(paid_fen, refunded, quantity, n, short) for n in range(quantity - short + 1)]
    assert earned == sorted(earned)
    assert earned[0] == 0
    assert earned[-1] == paid_fen - refunded


@pytest.mark.rule("ORD-4")
def test_an_order_ends_closed_or_cancelled_and_is_not_cancelled_once_confirmed() -> None:
    assert ORDER.unreachable() == ()
    assert set(ORDER.final) == {OrderState.CLOSED, OrderState.CANCELLED}
    assert OrderState.CONFIRMED not in ORDER.origins("cancel")


@given(st.integers(0, 10**12))
def test_a_pickup_code_is_six_digits(chance: int) -> None:
    assert len(draw_code(chance)) == 6
    assert draw_code(chance).isdigit()


SHELF = [
    Goods(1, "红富士苹果", "5斤", "箱"), Goods(2, "鲜牛奶", "1升", "瓶"), Goods(3, "酸牛奶", "1升", "瓶"),
    Goods(4, "土鸡蛋（散养）", "30枚", "盒"), Goods(5, "苹果醋", "500ml", "瓶"),
]  # fmt: skip


@pytest.mark.rule("ORD-8")
@pytest.mark.parametrize(
    ("written", "unit", "offer"),
    [("红富士苹果", "", 1), ("红富士 苹果5斤", "箱", 1), ("苹果", "箱", 1), ("土鸡蛋", "份", 4), ("苹果醋", "瓶", 5)],
)
def test_a_name_that_means_one_offer_is_understood(written: str, unit: str, offer: int) -> None:
    assert match_item(written, Decimal(2), unit, SHELF, {}).offer_id == offer


@pytest.mark.rule("ORD-8")
@pytest.mark.parametrize(
    ("written", "quantity", "unit", "why", "candidates"),
    [
        ("牛奶", "1", "", "ambiguous_goods", (2, 3)),
        ("榴莲", "1", "", "unknown_goods", ()),
        ("鸡蛋饼", "1", "", "unknown_goods", ()),
        ("苹果", "2", "斤", "other_unit", (1,)),
        ("苹果", "0.5", "箱", "no_whole_number", (1,)),
        ("苹果", "0", "箱", "no_whole_number", (1,)),
        ("苹果", "100000", "箱", "no_whole_number", (1,)),
        ("", "1", "", "unknown_goods", ()),
    ],
)
def test_what_is_not_certain_is_left_to_a_person(
    written: str, quantity: str, unit: str, why: str, candidates: tuple[int, ...]
) -> None:
    match = match_item(written, Decimal(quantity), unit, SHELF, {})
    assert (match.offer_id, match.why, match.candidates) == (None, why, candidates)


@pytest.mark.rule("ORD-8")
def test_a_name_that_a_leader_taught_is_understood() -> None:
    assert match_item("果果", Decimal(1), "", SHELF, {"果果": 1}).offer_id == 1
    assert match_item("牛奶", Decimal(1), "", SHELF, {"牛奶": 2}).offer_id == 2


@given(st.text(max_size=40), st.decimals(allow_nan=False, allow_infinity=False), st.text(max_size=5))
def test_any_text_is_matched_to_one_offer_or_left_with_a_reason(name: str, quantity: Decimal, unit: str) -> None:
    match = match_item(name, quantity, unit, SHELF, {})
    assert (match.offer_id is None) == bool(match.why)
    assert plain(plain(name)) == plain(name)


@pytest.mark.rule("ORD-8")
def test_a_grown_chain_is_known_again_by_its_entries_even_under_a_new_title() -> None:
    earlier = [(7, "水果", ["a", "b"]), (8, "牛奶", ["c"])]
    assert same_chain("水果（还剩5箱）", ["a", "b", "x"], earlier) == 7
    assert same_chain("牛奶", ["z"], earlier) == 8
    assert same_chain("面包", ["z"], earlier) is None
    assert same_chain("水果", ["c"], earlier) == 8

"""The pure rules of commission: the first rule that matches pays, and no fen drifts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.settlement.commission.model import Rule, Scope, Sold
from linli.settlement.commission.rules import change, choose, earned

SOLD = Sold(offer_id=1, product_id=2, category_id=3, leader_id=4, level="gold")
FITTING = {
    Scope.OFFER: Rule(11, Scope.OFFER, 1, rate_bp=1),
    Scope.PRODUCT: Rule(12, Scope.PRODUCT, 2, rate_bp=2),
    Scope.LEADER: Rule(13, Scope.LEADER, 4, rate_bp=3),
    Scope.CATEGORY_LEVEL: Rule(14, Scope.CATEGORY_LEVEL, 3, "gold", rate_bp=4),
    Scope.CATEGORY: Rule(15, Scope.CATEGORY, 3, rate_bp=5),
    Scope.REGION: Rule(16, Scope.REGION, rate_bp=6),
}
STRANGERS = [
    Rule(21, Scope.OFFER, 9),
    Rule(22, Scope.PRODUCT, 9),
    Rule(23, Scope.LEADER, 9),
    Rule(24, Scope.CATEGORY_LEVEL, 3, "normal"),
    Rule(25, Scope.CATEGORY, 9),
]


@pytest.mark.rule("COM-1")
@given(st.sets(st.sampled_from(list(Scope))), st.randoms())
def test_the_first_rule_that_matches_pays_whatever_the_order_of_the_rules(present: set[Scope], chance: object) -> None:
    rules = [*STRANGERS, *[FITTING[scope] for scope in present]]
    chance.shuffle(rules)  # type: ignore[attr-defined]
    expected = next((FITTING[scope] for scope in Scope if scope in present), None)
    found = choose(rules, SOLD)
    assert found == expected if expected else (found.rate_bp, found.piece_fen) == (0, None)


@pytest.mark.rule("COM-1")
@given(st.integers(0, 10**9), st.integers(0, 5_000))
def test_a_percentage_is_of_what_was_paid_and_never_more(paid: int, rate: int) -> None:
    got = earned(Rule(1, Scope.REGION, rate_bp=rate), collected_fen=paid, kept_fen=paid, pieces=1)
    assert 0 <= got <= paid
    assert abs(got * 10_000 - paid * rate) <= 5_000


@pytest.mark.rule("COM-2")
@given(
    st.lists(st.integers(1, 100_000), min_size=1, max_size=8),
    st.lists(st.integers(1, 100_000), max_size=8),
    st.one_of(st.integers(0, 5_000).map(lambda bp: (bp, None)), st.integers(0, 10_000).map(lambda fen: (0, fen))),
)
def test_collected_and_refunded_in_any_steps_a_line_ends_at_the_same_fen(
    parts: list[int], refunds: list[int], pays: tuple[int, int | None]
) -> None:
    rule = Rule(1, Scope.REGION, rate_bp=pays[0], piece_fen=pays[1])
    collected = kept = stood = total = 0
    for pieces, part in enumerate(parts, start=1):
        collected, kept = collected + part, kept + part
        step = change(rule, stood_at=stood, collected_fen=collected, kept_fen=kept, pieces=pieces)
        stood, total = step.amount_fen, total + step.delta_fen
    for refund in refunds:
        kept -= min(refund, kept)
        step = change(rule, stood_at=stood, collected_fen=collected, kept_fen=kept, pieces=len(parts))
        assert step.delta_fen <= 0
        stood, total = step.amount_fen, total + step.delta_fen
    assert total == stood == earned(rule, collected_fen=collected, kept_fen=kept, pieces=len(parts)) >= 0
    assert stood == 0 or kept > 0

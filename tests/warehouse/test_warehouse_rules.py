"""Properties of the warehouse's pure rules: receiving, sharing what lacks, reading barcodes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.warehouse.receiving.model import Arrival, ColdLimits, Counts
from linli.warehouse.receiving.rules import alarms, arrival_trouble, claim_fen, counted, recounted, temperature_trouble
from linli.warehouse.shortage.model import Claim, Rule
from linli.warehouse.shortage.rules import allocate, explain
from linli.warehouse.sorting.rules import accepts

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
claims = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 600)), min_size=1, max_size=30).map(
    lambda drawn: [Claim(at, wanted, NOON + timedelta(seconds=later)) for at, (wanted, later) in enumerate(drawn, 1)]
)
rules = st.sampled_from(Rule)


@pytest.mark.rule("SHT-1")
@given(rules, claims, st.integers(0, 1_500), st.randoms())
def test_scarce_goods_are_given_out_whole_and_to_nobody_beyond_the_wish(
    rule: Rule, asked: list[Claim], available: int, chance: object
) -> None:
    shares = allocate(rule, asked, available)
    assert sum(share.given for share in shares) == min(available, sum(claim.wanted for claim in asked))
    assert all(0 <= share.given <= share.wanted for share in shares)
    assert {share.line_id for share in shares} == {claim.line_id for claim in asked}
    mixed = list(asked)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert allocate(rule, mixed, available) == shares


@pytest.mark.rule("SHT-1")
@given(rules, claims, st.integers(0, 1_000))
def test_one_piece_more_takes_nothing_from_anybody(rule: Rule, asked: list[Claim], available: int) -> None:
    before = {share.line_id: share.given for share in allocate(rule, asked, available)}
    after = {share.line_id: share.given for share in allocate(rule, asked, available + 1)}
    assert all(after[line] >= before[line] for line in before)


@pytest.mark.rule("SHT-1")
@given(claims, st.integers(0, 1_000))
def test_who_paid_earlier_is_served_before_who_paid_later(asked: list[Claim], available: int) -> None:
    at = {claim.line_id: claim.paid_at for claim in asked}
    shares = allocate(Rule.PAID_TIME, asked, available)
    unserved = min((at[share.line_id] for share in shares if share.short), default=None)
    if unserved is not None:
        assert all(at[share.line_id] <= unserved for share in shares if share.given)


@pytest.mark.rule("SHT-1")
@given(claims, st.integers(0, 1_000))
def test_in_proportion_nobody_with_the_larger_wish_gets_less(asked: list[Claim], available: int) -> None:
    shares = sorted(allocate(Rule.PROPORTIONAL, asked, available), key=lambda share: share.wanted)
    for smaller, larger in pairwise(shares):
        if smaller.wanted < larger.wanted:
            assert smaller.given <= larger.given


@pytest.mark.rule("SHT-1")
def test_each_rule_gives_ten_boxes_to_three_neighbours_in_its_own_way() -> None:
    asked = [Claim(1, 8, NOON), Claim(2, 4, NOON + timedelta(1)), Claim(3, 3, NOON + timedelta(2))]
    by_rule = {rule: {share.line_id: share.given for share in allocate(rule, asked, 10)} for rule in Rule}
    assert by_rule[Rule.PAID_TIME] == {1: 8, 2: 2, 3: 0}
    assert by_rule[Rule.SMALL_FIRST] == {1: 3, 2: 4, 3: 3}
    assert by_rule[Rule.PROPORTIONAL] == {1: 5, 2: 3, 3: 2}
    nothing = allocate(Rule.PAID_TIME, asked, 10)[2]
    why = explain(Rule.PAID_TIME, nothing, claims=3, wanted=15, available=10)
    assert why == "共需 15 份，实有 10 份，先付款先得：您排第 3 位（共 3 位），轮到时已分完"


arrivals = st.builds(
    Arrival, sku_id=st.just(1), accepted=st.integers(0, 30), short=st.integers(0, 30), rejected=st.integers(0, 30),
    over=st.booleans(), reason=st.just("烂"),
)  # fmt: skip


@pytest.mark.rule("RCV-1")
@given(st.integers(1, 60), st.lists(arrivals, max_size=6))
def test_counts_never_exceed_the_order_unless_marked_over(ordered: int, coming: list[Arrival]) -> None:
    now = Counts(ordered)
    for arrival in coming:
        after = counted(now, arrival)
        if after is None:
            continue
        assert after.accepted + after.short + after.rejected <= ordered + after.over
        assert after.over == now.over or arrival.over
        assert after.over <= after.accepted
        now = after
    assert claim_fen(now, 7) == 7 * (now.short + now.rejected)


@pytest.mark.rule("RCV-1")
@given(st.integers(1, 60), arrivals, arrivals)
def test_stating_something_anew_is_as_if_it_had_been_stated_first(
    ordered: int, first: Arrival, second: Arrival
) -> None:
    stated = counted(Counts(ordered), first)
    if stated is not None:
        assert recounted(stated, first, second) == counted(Counts(ordered), second)


@pytest.mark.rule("RCV-1")
def test_warm_expired_and_unexplained_goods_are_not_accepted() -> None:
    limits, day = ColdLimits(120, 150), date(2026, 11, 24)
    good = Arrival(1, accepted=3, temperature_tenths=80)
    assert temperature_trouble(good, limits) == arrival_trouble(good, day) == ""
    assert temperature_trouble(replace(good, temperature_tenths=151), limits) == "too_warm"
    assert temperature_trouble(replace(good, temperature_tenths=None), limits) == "temperature_missing"
    assert temperature_trouble(replace(good, accepted=0, rejected=3, temperature_tenths=300), limits) == ""
    assert [alarms(replace(good, temperature_tenths=t), limits) for t in (120, 121)] == [False, True]
    assert not alarms(replace(good, temperature_tenths=None), limits)
    wrong = {
        "nothing": Arrival(1),
        "negative": Arrival(1, accepted=-1, short=2),
        "rejected_without_reason": Arrival(1, rejected=1),
        "expired": replace(good, expires_on=date(2026, 11, 23)),
        "made_in_the_future": replace(good, produced_on=date(2026, 11, 25)),
        "expires_before_it_is_made": replace(good, produced_on=day, expires_on=date(2026, 11, 1)),
    }
    assert {why: arrival_trouble(arrival, day) for why, arrival in wrong.items()} == {why: why for why in wrong}


@pytest.mark.rule("SRT-1")
def test_a_product_without_barcode_is_scanned_by_its_number() -> None:
    assert accepts("6901", 7, "6901")
    assert not accepts("6901", 7, "7")
    assert accepts("", 7, "7")

"""Properties of the pure rules: buying, receiving, sharing what lacks, filling totes, digesting demand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.supply.demand.model import FrozenLine
from linli.supply.demand.rules import digest_of
from linli.supply.purchase.rules import plan
from linli.supply.receiving.model import Arrival, ColdLimits, Counts
from linli.supply.receiving.rules import alarms, arrival_trouble, claim_fen, counted, recounted, temperature_trouble
from linli.supply.shortage.model import Claim, Rule
from linli.supply.shortage.rules import allocate, explain
from linli.supply.sorting.model import Piece, ToteLimits
from linli.supply.sorting.rules import accepts, fill
from linli.supply.stock.model import MovementKind, StockMove
from linli.supply.stock.rules import grown, taken

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
counts = st.integers(0, 5_000)
claims = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 600)), min_size=1, max_size=30).map(
    lambda drawn: [Claim(at, wanted, NOON + timedelta(seconds=later)) for at, (wanted, later) in enumerate(drawn, 1)]
)
rules = st.sampled_from(Rule)


@pytest.mark.rule("BUY-1")
@given(counts, counts, st.integers(1, 60), st.integers(0, 20))
def test_what_is_ordered_is_demand_less_stock_plus_rounding(demand: int, free: int, pack: int, minimum: int) -> None:
    need = plan(demand, free, pack, minimum)
    assert need.ordered == demand - need.stock_used + need.rounding
    assert need.stock_used == min(demand, free)
    assert need.ordered % pack == 0
    assert need.rounding >= 0
    if need.need:
        assert need.packs >= minimum
        assert need.rounding < pack or need.packs == minimum
    else:
        assert need.ordered == 0


@pytest.mark.rule("BUY-1")
def test_impossible_terms_are_a_bug_and_not_an_order() -> None:
    for wrong in ((-1, 0, 1, 1), (1, -1, 1, 1), (1, 0, 0, 1), (1, 0, 1, -1)):
        with pytest.raises(ValueError, match="cannot plan"):
            plan(*wrong)


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


pieces = st.lists(
    st.builds(
        Piece, line_id=st.integers(1, 1_000_000), quantity=st.integers(1, 60), gross_g=st.integers(0, 25_000),
        volume_ml=st.integers(0, 70_000),
    ),
    min_size=1, max_size=20, unique_by=lambda piece: piece.line_id,
)  # fmt: skip


@pytest.mark.rule("SRT-1")
@given(pieces)
def test_totes_hold_every_piece_once_and_none_is_too_heavy(asked: list[Piece]) -> None:
    limits = ToteLimits(20_000, 60_000)
    puts = fill(asked, limits)
    for piece in asked:
        assert sum(put.quantity for put in puts if put.line_id == piece.line_id) == piece.quantity
    by_id = {piece.line_id: piece for piece in asked}
    for tote in range(puts[-1].tote + 1):
        inside = [(by_id[put.line_id], put.quantity) for put in puts if put.tote == tote]
        assert inside
        assert len({piece.line_id for piece, _ in inside}) == len(inside)
        alone = sum(count for _, count in inside) == 1
        assert alone or sum(piece.gross_g * count for piece, count in inside) <= limits.weight_g
        assert alone or sum(piece.volume_ml * count for piece, count in inside) <= limits.volume_ml


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


@pytest.mark.rule("BUY-1")
@given(st.lists(st.builds(FrozenLine, *[st.integers(1, 9)] * 6), min_size=1, max_size=12), st.randoms())
def test_a_digest_knows_the_lines_and_not_their_order(lines: list[FrozenLine], chance: object) -> None:
    unique = list({(line.offer_id, line.station_id, line.leader_id): line for line in lines}.values())
    mixed = list(unique)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert digest_of(mixed) == digest_of(unique)
    changed = [replace(unique[0], quantity=unique[0].quantity + 1), *unique[1:]]
    assert digest_of(changed) != digest_of(unique)


@pytest.mark.rule("STK-1")
@given(st.dictionaries(st.integers(1, 9), st.integers(0, 50)), st.dictionaries(st.integers(1, 9), st.integers(0, 50)))
def test_no_more_is_set_aside_than_is_wanted_and_there(wanted: dict[int, int], free: dict[int, int]) -> None:
    given_out = taken(wanted, free)
    assert all(0 < count <= min(wanted[sku], free[sku]) for sku, count in given_out.items())
    moves = [StockMove(MovementKind.RESERVE, sku, -count, "t", 1) for sku, count in given_out.items()]
    assert grown(moves) == {sku: -count for sku, count in given_out.items()}


@pytest.mark.rule("SRT-1")
def test_a_product_without_barcode_is_scanned_by_its_number() -> None:
    assert accepts("6901", 7, "6901")
    assert not accepts("6901", 7, "7")
    assert accepts("", 7, "7")

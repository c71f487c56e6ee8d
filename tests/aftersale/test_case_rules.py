"""The pure rules of after-sale: what pieces are worth, what goes back, what it cost, which clocks ran out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.aftersale.case.model import CaseState, Kind, Urgency
from linli.aftersale.case.rules import answer_clock, due_after_pause, needs_photo, refund_clock, window_ends
from linli.aftersale.claim.rules import free_pieces, worth
from linli.aftersale.remedy.model import Award, Policy
from linli.aftersale.remedy.rules import award, cost_of, needs_no_person, settled_pieces

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
LIMITS = Policy(most_fen=1_000, most_cases=3, days=30, budget_fen=20_000)
STEPS = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["reject", "pieces", "fen", "keep"]), st.integers(0, 10_000)),
    max_size=12,
)


@pytest.mark.rule("CAS-2")
@given(st.integers(0, 100_000), st.integers(1, 12), st.integers(0, 6), STEPS)
def test_however_a_line_is_claimed_and_decided_never_more_goes_back_than_was_paid(
    paid: int, collected: int, short: int, steps: list[tuple[int, str, int]]
) -> None:
    quantity = collected + short
    refunded = paid * short // quantity
    before, pieces_back = refunded, short
    held = held_fen = settled = 0
    for wanted, what, share in steps:
        left = free_pieces(quantity=quantity, collected=collected, refunded=pieces_back, held=held, settled=settled)
        if wanted > left:
            continue
        fen = worth(
            paid_fen=paid, refunded_fen=refunded, held_fen=held_fen, quantity=quantity, collected=collected,
            taken=held + settled, pieces=wanted,
        )  # fmt: skip
        assert 0 <= fen <= paid - refunded - held_fen
        if what == "keep":
            held, held_fen = held + wanted, held_fen + fen
        elif what != "reject":
            amount = fen * share // 10_000
            given_ = (
                award(pieces=wanted, worth_fen=fen, wanted_pieces=1 + share % wanted, wanted_fen=None)
                if what == "pieces"
                else award(pieces=wanted, worth_fen=fen, wanted_pieces=None, wanted_fen=amount)
            )
            assert given_ is not None
            assert given_.fen <= fen
            refunded, pieces_back = refunded + given_.fen, pieces_back + given_.pieces
            settled += settled_pieces(given_, pieces=wanted)
        assert held + settled <= collected
        assert refunded + held_fen <= paid
        assert before <= refunded


@pytest.mark.rule("CAS-3")
@given(st.integers(0, 1_000_000), st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_all_pieces_claimed_in_any_steps_are_worth_exactly_what_was_paid(paid: int, parts: list[int]) -> None:
    total = taken = 0
    for part in parts:
        total += worth(
            paid_fen=paid, refunded_fen=total, held_fen=0, quantity=sum(parts), collected=sum(parts), taken=taken,
            pieces=part,
        )  # fmt: skip
        taken += part
    assert total == paid


@pytest.mark.rule("CAS-3")
@given(st.integers(1, 50), st.integers(0, 100_000), st.data())
def test_an_award_stays_within_the_claim_and_whole_claims_are_whole(pieces: int, fen: int, data: st.DataObject) -> None:
    assert award(pieces=pieces, worth_fen=fen, wanted_pieces=pieces, wanted_fen=None) == Award(pieces, fen)
    assert award(pieces=pieces, worth_fen=fen, wanted_pieces=pieces + 1, wanted_fen=None) is None
    assert award(pieces=pieces, worth_fen=fen, wanted_pieces=None, wanted_fen=fen + 1) is None
    some = data.draw(st.integers(1, pieces))
    part = award(pieces=pieces, worth_fen=fen, wanted_pieces=some, wanted_fen=None)
    assert part is not None
    assert abs(part.fen * pieces - fen * some) * 2 <= pieces


@pytest.mark.rule("CAS-4")
@given(st.integers(0, 10_000), st.integers(1, 50), st.integers(1, 100_000), st.data())
def test_who_bears_it_bears_the_cost_of_what_was_lost(cost: int, pieces: int, fen: int, data: st.DataObject) -> None:
    some = data.draw(st.integers(1, pieces))
    assert cost_of(Award(some, 7), cost_fen=cost, pieces=pieces, worth_fen=fen) == cost * some
    assert cost_of(Award(0, fen), cost_fen=cost, pieces=pieces, worth_fen=fen) == cost * pieces
    amount = data.draw(st.integers(0, fen))
    part = cost_of(Award(0, amount), cost_fen=cost, pieces=pieces, worth_fen=fen)
    assert 0 <= part <= cost * pieces
    assert abs(part * fen - cost * pieces * amount) * 2 <= fen
    assert cost_of(Award(0, 0), cost_fen=cost, pieces=pieces, worth_fen=0) == 0


@pytest.mark.rule("CAS-3")
@pytest.mark.parametrize(
    ("clear", "fen", "of_line", "of_member", "alone"),
    [
        (True, 1_000, 0, 2, True),
        (True, 1_001, 0, 0, False),
        (True, 0, 0, 0, False),
        (False, 500, 0, 0, False),
        (True, 500, 1, 0, False),
        (True, 500, 0, 3, False),
    ],
)
def test_only_small_clear_first_cases_of_members_who_seldom_ask_need_no_person(
    clear: bool, fen: int, of_line: int, of_member: int, alone: bool
) -> None:
    told = needs_no_person(clear=clear, worth_fen=fen, cases_of_line=of_line, cases_of_member=of_member, policy=LIMITS)
    assert told is alone


@pytest.mark.rule("CAS-1")
def test_each_kind_has_its_window_and_its_proof() -> None:
    for kind, hours, photo in (
        (Kind.ROTTEN, 48, True),
        (Kind.DAMAGED, 48, True),
        (Kind.EXPIRED, 48, True),
        (Kind.MISSING, 6, False),
        (Kind.WRONG, 6, False),
    ):
        ends = window_ends(kind, collected_at=NOON, quality_hours=48, order_hours=6)
        assert (ends - NOON, needs_photo(kind)) == (timedelta(hours=hours), photo)


@pytest.mark.rule("CAS-2")
@given(st.integers(1, 10_000), st.integers(0, 20_000), st.integers(0, 5_000))
def test_a_clock_warns_at_three_quarters_and_stands_while_members_think(span: int, passed: int, paused: int) -> None:
    due, now = NOON + timedelta(seconds=span), NOON + timedelta(seconds=passed)
    expected = Urgency.OVERDUE if passed > span else Urgency.WARNING if passed * 4 >= span * 3 else Urgency.ON_TIME
    assert answer_clock(state=CaseState.OPENED, opened_at=NOON, due_at=due, now=now) is expected
    assert answer_clock(state=CaseState.ANSWERED, opened_at=NOON, due_at=due, now=now) is Urgency.STOPPED
    clock = {"opened_at": NOON, "due_at": due, "now": now}
    assert refund_clock(finished=False, waiting_since=None, **clock) is expected
    assert refund_clock(finished=False, waiting_since=NOON, **clock) is Urgency.PAUSED
    assert refund_clock(finished=True, waiting_since=None, **clock) is Urgency.STOPPED
    later = due_after_pause(due, waiting_since=now - timedelta(seconds=paused), now=now)
    assert later - due == timedelta(seconds=paused)
    assert due_after_pause(due, waiting_since=None, now=now) == due

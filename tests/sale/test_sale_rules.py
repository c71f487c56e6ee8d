"""The pure rules of selling: the life of a cycle, dates, holds, limits, prices below cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.calendar import RegionClock
from linli.kernel.machine import WrongState
from linli.sale.cycle import rules as cycle_rules
from linli.sale.cycle.model import CYCLE, CycleState, CycleValue
from linli.sale.offer import rules as offer_rules
from linli.sale.stock import rules as stock_rules

ORDER = list(CycleState)
DAY = date(2026, 11, 24)


def cycle_on(clock: RegionClock, **other: object) -> CycleValue:
    """Return a cycle as this clock would publish it for Tuesday."""
    times = cycle_rules.instants(clock.instants(DAY))
    kept = {
        "id": 1, "delivery_date": DAY, "state": "closed", "scope": "region", "station_ids": (),
        "timezone": clock.timezone,
        "hold_minutes": clock.hold_minutes, "hold_minutes_last_hour": clock.hold_minutes_last_hour,
        "grace_minutes": clock.cut_off_grace, "closings": 1, "closed_at": None,
    }  # fmt: skip
    return CycleValue(**{**times, **kept, **other})  # type: ignore[arg-type]


@pytest.mark.rule("CYC-1")
@given(st.lists(st.sampled_from(sorted(CYCLE.moves)), max_size=40))
def test_a_cycle_moves_one_way_and_back_only_from_closed_to_open(verbs: list[str]) -> None:
    state = CYCLE.initial
    for verb in verbs:
        try:
            target = CYCLE.check(state, verb).target
        except WrongState:
            continue
        if ORDER.index(target) < ORDER.index(state):
            assert (state, verb, target) == (CycleState.CLOSED, "reopen", CycleState.OPEN)
        else:
            assert ORDER.index(target) - ORDER.index(state) <= 1
        state = target


@pytest.mark.rule("CYC-1")
@pytest.mark.parametrize("state", ORDER[ORDER.index(CycleState.BUYING) :])
def test_nobody_reopens_once_goods_are_being_bought(state: CycleState) -> None:
    with pytest.raises(WrongState):
        CYCLE.check(state, "reopen")


def test_every_state_can_be_reached_and_settled_is_the_end() -> None:
    assert CYCLE.unreachable() == ()
    assert all(CycleState.SETTLED not in origins for origins, _ in CYCLE.moves.values())


@pytest.mark.rule("ORD-5")
@given(st.integers(0, 12 * 60), st.integers(1, 90), st.integers(1, 90))
def test_an_unpaid_order_is_held_as_the_regions_clock_says(minutes: int, usual: int, last_hour: int) -> None:
    clock = RegionClock(hold_minutes=usual, hold_minutes_last_hour=last_hour)
    cycle, times = cycle_on(clock), clock.instants(DAY)
    placed = times.open + timedelta(minutes=minutes)
    assert cycle_rules.hold_until(cycle, placed) == clock.hold_until(placed, times)
    assert cycle_rules.hold_until(cycle, placed) <= cycle.grace_until


@pytest.mark.rule("CYC-1")
@pytest.mark.parametrize(
    ("day", "trouble"),
    [
        (date(2026, 11, 22), "past"),
        (date(2026, 11, 23), "cut_off_passed"),
        (date(2026, 11, 24), ""),
        (date(2026, 12, 23), ""),
        (date(2026, 12, 24), "too_far"),
        (date(1, 1, 1), "past"),
        (date(9999, 12, 31), "too_far"),
    ],
)
def test_only_a_near_day_with_its_cut_off_ahead_can_be_published(day: date, trouble: str) -> None:
    now = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert cycle_rules.publish_trouble(day, RegionClock(), now) == trouble


@pytest.mark.rule("CYC-1")
@given(st.integers(-600, 1_500))
def test_a_reopened_cycle_still_freezes_its_demand_after_the_grace_and_before_the_goods_arrive(minutes: int) -> None:
    cycle = cycle_on(RegionClock())
    now = cycle.cut_off_at - timedelta(minutes=30)
    until = cycle.cut_off_at + timedelta(minutes=minutes)
    found = cycle_rules.reopened_until(cycle, until, now)
    if found is None:
        assert until <= now or until + timedelta(minutes=cycle.grace_minutes) >= cycle.supplier_arrival
    else:
        assert now < found["cut_off_at"] <= found["grace_until"] <= found["demand_at"] < cycle.supplier_arrival
        assert found["demand_at"] >= cycle.demand_at


def test_a_cycle_of_named_stations_is_for_their_members_only() -> None:
    cycle = cycle_on(RegionClock(), scope="stations", station_ids=(7, 9))
    assert [cycle_rules.covers(cycle, station) for station in (7, 8, 9)] == [True, False, True]
    assert cycle_rules.covers(cycle_on(RegionClock()), 8)


fen = st.integers(0, 10_000)


@pytest.mark.rule("CYC-6")
@given(fen, fen, st.none() | st.integers(0, 500), st.none() | st.integers(0, 5_000_000))
def test_below_cost_sells_only_what_a_campaign_can_bear(
    price: int, cost: int, stock: int | None, budget: int | None
) -> None:
    if not offer_rules.below_cost_trouble(price, cost, stock, budget):
        assert price >= cost or (stock is not None and budget and (cost - price) * stock <= budget)
    else:
        assert price < cost


@pytest.mark.rule("GDS-3")
def test_a_strike_through_price_needs_a_source_and_must_be_higher() -> None:
    plain = dict.fromkeys(("commission_fen", "per_order_limit", "per_cycle_limit", "per_day_limit", "stock_limit"))

    def trouble(**terms: object) -> str:
        given = {"price_fen": 500, "reference_price_fen": None, "reference_source": "", "minimum_quantity": 1}
        return offer_rules.terms_trouble(**{**plain, **given, **terms})  # type: ignore[arg-type]

    assert trouble() == ""
    assert trouble(reference_price_fen=800) == "reference_price_without_source"
    assert trouble(reference_price_fen=500, reference_source="永辉 11-20") == "reference_price_not_above_price"
    assert trouble(reference_price_fen=800, reference_source="永辉 11-20") == ""
    assert trouble(commission_fen=501) == "commission_above_price"
    assert trouble(minimum_quantity=3, per_order_limit=2) == "minimum_above_limit"


limits = st.none() | st.integers(1, 20)


@pytest.mark.rule("CYC-4")
@given(st.integers(1, 30), st.integers(1, 10), limits, limits)
def test_a_quantity_passes_exactly_when_it_keeps_every_limit(
    quantity: int, minimum: int, order: int | None, cycle: int | None
) -> None:
    kept = quantity >= minimum and (order is None or quantity <= order) and (cycle is None or quantity <= cycle)
    assert (stock_rules.limit_broken(quantity, minimum, order, cycle) is None) == kept


@pytest.mark.rule("CYC-2")
@given(st.booleans(), st.booleans(), st.integers(-5, 5), st.integers(-5, 5))
def test_nothing_is_sold_outside_the_window_or_behind_a_closed_gate(
    on_sale: bool, withdrawn: bool, opens: int, closes: int
) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    opens_at, closes_at = now + timedelta(minutes=opens), now + timedelta(minutes=closes)
    found = stock_rules.closed_because(
        on_sale=on_sale, withdrawn=withdrawn, opens_at=opens_at, closes_at=closes_at, now=now
    )
    assert (found == "") == (on_sale and not withdrawn and opens_at <= now < closes_at)

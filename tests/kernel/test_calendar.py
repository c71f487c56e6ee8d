"""The day of a region keeps its order, whatever its zone does with its clocks."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from linli.kernel.calendar import (
    NOT_AFTER,
    STRICTLY_BEFORE,
    ClockContradiction,
    ClockUnreadable,
    CycleTimes,
    RegionClock,
    local_day,
    month_of,
    week_of,
)

ZONES = st.sampled_from(["Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
CHANGE_NIGHTS = [date(2025, 3, day) for day in (8, 9, 10, 29, 30, 31)] + [date(2025, 10, day) for day in (25, 26, 27)]
DAYS = st.one_of(st.sampled_from(CHANGE_NIGHTS), st.dates(date(2020, 1, 1), date(2060, 1, 1)))
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@st.composite
def clocks(draw: st.DrawFn) -> RegionClock:
    """A clock that contradicts itself nowhere, its cut-off often deep in the night."""
    publish, opened, cut_off = sorted(draw(st.lists(st.integers(0, 26 * 60), min_size=3, max_size=3, unique=True)))
    grace = draw(st.integers(0, 30))
    demand = cut_off + max(grace, 1) + draw(st.integers(0, 90))
    arrival = max(demand - 24 * 60, 0) + draw(st.integers(1, 120))
    sorted_by = arrival + draw(st.integers(1, 180))
    delivered, promised = sorted_by + draw(st.integers(1, 180)), sorted_by + draw(st.integers(0, 180))
    return RegionClock(
        timezone=draw(ZONES), publish=publish, open=opened, cut_off=cut_off, cut_off_grace=grace, demand_at=demand,
        supplier_arrival=arrival, sorted_by=sorted_by, promised_from=promised, delivered_by=delivered,
        day_settled=max(delivered, promised) + draw(st.integers(0, 60)),
    )  # fmt: skip


def moment(times: CycleTimes, name: str) -> datetime:
    """The instant of a clock value."""
    found = getattr(times, "grace_until" if name == "cut_off_grace" else name)
    assert isinstance(found, datetime)
    return found


@given(clocks(), DAYS)
def test_the_moments_of_a_cycle_never_change_places(clock: RegionClock, day: date) -> None:
    clock.validate()
    times = clock.instants(day)
    for earlier, later in STRICTLY_BEFORE + NOT_AFTER:
        assert moment(times, earlier) <= moment(times, later)
    assert times.grace_until - times.cut_off == timedelta(minutes=clock.cut_off_grace)
    for field in fields(times)[1:]:
        assert moment(times, field.name).tzinfo is UTC


@given(clocks(), DAYS)
def test_where_no_clock_is_changed_each_moment_is_read_off_the_wall(clock: RegionClock, day: date) -> None:
    clock = replace(clock, timezone="Asia/Shanghai")
    times, zone = clock.instants(day), ZoneInfo("Asia/Shanghai")
    for name, shift in (("publish", -1), ("open", -1), ("cut_off", -1), ("demand_at", -1), ("sorted_by", 0)):
        wall = moment(times, name).astimezone(zone).replace(tzinfo=None)
        midnight = datetime(day.year, day.month, day.day) + timedelta(days=shift)
        assert wall == midnight + timedelta(minutes=getattr(clock, name))


def test_the_default_day_is_the_day_of_the_business() -> None:
    clock = RegionClock()
    clock.validate()
    walls = [moment.astimezone(ZoneInfo("Asia/Shanghai")) for moment in _instants(clock.instants(date(2025, 3, 20)))]
    assert [f"{wall:%d %H:%M}" for wall in walls] == [
        "19 14:00", "19 14:00", "19 23:00", "19 23:05", "19 23:05", "20 10:00", "20 14:00", "20 16:00", "20 17:00",
        "20 20:00", "21 10:00", "21 20:00",
    ]  # fmt: skip


def test_a_cut_off_at_midnight_and_after_it_can_be_said() -> None:
    for said, demand, expected in (("24:00", "24:05", (20, 0)), ("26:00", "26:05", (20, 2))):
        clock = RegionClock.parse({"cut_off": said, "demand_at": demand})
        wall = clock.instants(date(2025, 3, 20)).cut_off.astimezone(ZoneInfo("Asia/Shanghai"))
        assert (wall.day, wall.hour) == expected
        assert clock.as_mapping()["cut_off"] == said


def test_on_a_night_that_skips_an_hour_nothing_overtakes_what_comes_before_it() -> None:
    clock = RegionClock("Europe/Berlin", cut_off=25 * 60 + 50, demand_at=26 * 60 + 30, supplier_arrival=3 * 60 + 10)
    clock.validate()
    times = clock.instants(date(2025, 3, 30))
    assert times.demand_at == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)  # 02:30 does not exist: 03:30
    assert times.supplier_arrival == times.demand_at  # 03:10 would have come before it


def test_a_cut_off_in_an_hour_that_does_not_exist_still_gives_people_their_grace() -> None:
    clock = RegionClock("Europe/Berlin", cut_off=26 * 60 + 58, demand_at=27 * 60 + 3)
    clock.validate()
    times = clock.instants(date(2025, 3, 30))
    assert times.cut_off == datetime(2025, 3, 30, 1, 58, tzinfo=UTC)
    assert times.demand_at == times.grace_until == datetime(2025, 3, 30, 2, 3, tzinfo=UTC)


def test_a_night_that_repeats_an_hour_does_not_lengthen_the_grace() -> None:
    clock = RegionClock("Europe/Berlin", cut_off=26 * 60 + 58, demand_at=27 * 60 + 3)
    times = clock.instants(date(2025, 10, 26))
    assert times.cut_off == datetime(2025, 10, 26, 0, 58, tzinfo=UTC)
    assert times.grace_until == datetime(2025, 10, 26, 1, 3, tzinfo=UTC)
    assert times.demand_at == datetime(2025, 10, 26, 2, 3, tzinfo=UTC)


@given(clocks())
def test_a_clock_is_read_back_as_it_was_written(clock: RegionClock) -> None:
    assert RegionClock.parse(clock.as_mapping()) == clock
    assert RegionClock.parse({name: getattr(clock, name) for name in clock.as_mapping()}) == clock


def test_orders_open_with_publication_unless_said_otherwise() -> None:
    assert RegionClock.parse({"publish": "12:30"}).open == 12 * 60 + 30
    assert RegionClock.parse({"publish": "12:30", "open": "13:00"}).open == 13 * 60


@pytest.mark.parametrize(
    ("values", "earlier", "later"),
    [
        ({"publish": "23:00"}, "publish", "cut_off"),
        ({"open": "23:30"}, "open", "cut_off"),
        ({"open": "13:00"}, "publish", "open"),
        ({"cut_off": "34:00", "demand_at": "34:05"}, "cut_off", "supplier_arrival"),
        ({"demand_at": "34:00"}, "demand_at", "supplier_arrival"),
        ({"cut_off": "23:05", "cut_off_grace": 0}, "cut_off", "demand_at"),
        ({"cut_off_grace": 6}, "cut_off_grace", "demand_at"),
        ({"supplier_arrival": "14:00"}, "supplier_arrival", "sorted_by"),
        ({"delivered_by": "14:00"}, "sorted_by", "delivered_by"),
        ({"promised_from": "13:59"}, "sorted_by", "promised_from"),
        ({"promised_from": "20:01"}, "promised_from", "day_settled"),
        ({"delivered_by": "20:01"}, "delivered_by", "day_settled"),
        ({"day_settled": "34:01"}, "day_settled", "reminder_next"),
        ({"reminder_next": "20:01"}, "reminder_next", "uncollected_policy"),
    ],
)
def test_a_contradicting_clock_is_refused_naming_both_values(
    values: dict[str, object], earlier: str, later: str
) -> None:
    with pytest.raises(ClockContradiction) as refused:
        RegionClock.parse(values)
    assert (refused.value.facts["earlier"], refused.value.facts["later"]) == (earlier, later)


@pytest.mark.parametrize(
    ("name", "given_value"),
    [
        ("lunch", "12:00"), ("cut_off", "23"), ("cut_off", "23:60"), ("cut_off", "48:00"), ("cut_off", True),
        ("cut_off", -1), ("cut_off", 2880), ("cut_off", None), ("cut_off", "２３:00"), ("hold_minutes", "00:30"),
        ("hold_minutes", 0), ("cut_off_grace", -5), ("timezone", "Mars/Olympus"), ("timezone", 8),
        ("timezone", "../etc/passwd"), ("timezone", ""),
    ],
)  # fmt: skip
def test_a_value_that_is_no_time_is_refused_by_name(name: str, given_value: object) -> None:
    with pytest.raises(ClockUnreadable) as refused:
        RegionClock.parse({name: given_value})
    assert refused.value.facts["value"] == name


@given(clocks(), DAYS, st.integers(0, 36 * 3600))
def test_a_hold_never_outlives_the_grace(clock: RegionClock, day: date, seconds: int) -> None:
    times = clock.instants(day)
    placed = times.publish + timedelta(seconds=seconds)
    assume(placed <= times.grace_until)
    until = clock.hold_until(placed, times)
    assert placed <= until <= times.grace_until
    assert until - placed <= timedelta(minutes=clock.hold_minutes)


def test_a_hold_is_half_an_hour_and_ten_minutes_in_the_last_hour() -> None:
    clock = RegionClock()
    times = clock.instants(date(2025, 3, 20))
    held = [
        (clock.hold_until(placed, times) - placed) // timedelta(minutes=1)
        for before in (300, 61, 60, 10, 5, 3, 0)
        for placed in [times.cut_off - timedelta(minutes=before)]
    ]
    assert held == [30, 30, 10, 10, 10, 8, 5]


@given(INSTANTS, ZONES)
def test_every_instant_lies_in_its_own_month_and_week(instant: datetime, tz: str) -> None:
    day = local_day(instant, tz)
    for period in (month_of(instant, tz), week_of(instant, tz)):
        assert period.starts_at <= instant < period.ends_at
        assert period.first_day <= day <= period.last_day
    assert (week_of(instant, tz).first_day.weekday(), week_of(instant, tz).last_day.weekday()) == (0, 6)


@given(INSTANTS, ZONES)
def test_weeks_and_months_follow_each_other_without_gap(instant: datetime, tz: str) -> None:
    for of in (month_of, week_of):
        period = of(instant, tz)
        following = of(period.ends_at, tz)
        assert following.starts_at == period.ends_at
        assert following.first_day == period.last_day + timedelta(days=1)


def test_a_settlement_week_begins_on_the_regions_own_monday() -> None:
    sunday_night_in_utc = datetime(2025, 3, 16, 16, 30, tzinfo=UTC)
    week = week_of(sunday_night_in_utc, "Asia/Shanghai")
    assert (week.label, week.first_day, week.starts_at) == (
        "2025-W12", date(2025, 3, 17), datetime(2025, 3, 16, 16, tzinfo=UTC),
    )  # fmt: skip
    assert month_of(datetime(2025, 2, 28, 16, tzinfo=UTC), "Asia/Shanghai").label == "2025-03"
    with pytest.raises(ValueError):
        local_day(datetime(2025, 3, 17), "Asia/Shanghai")


def _instants(times: CycleTimes) -> list[datetime]:
    return [moment(times, field.name) for field in fields(times)[1:]]

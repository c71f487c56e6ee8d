"""The region's clock: the wall times of one business day, and the instants they mean for a delivery date."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from linli.kernel.refusals import BadInput

_DAY: Final = 24 * 60
_AS_PUBLISHED: Final = -1
_HH_MM: Final = re.compile(r"([0-3][0-9]|4[0-7]):([0-5][0-9])")

_DAY_OF: Final = {
    "publish": -1,
    "open": -1,
    "cut_off": -1,
    "demand_at": -1,
    "supplier_arrival": 0,
    "sorted_by": 0,
    "promised_from": 0,
    "delivered_by": 0,
    "day_settled": 0,
    "reminder_next": 1,
    "uncollected_policy": 1,
}
_DURATIONS: Final = {"cut_off_grace": 0, "hold_minutes": 1, "hold_minutes_last_hour": 1}

STRICTLY_BEFORE: Final = (
    ("publish", "cut_off"),
    ("open", "cut_off"),
    ("cut_off", "supplier_arrival"),
    ("supplier_arrival", "sorted_by"),
    ("sorted_by", "delivered_by"),
    ("cut_off", "demand_at"),
    ("demand_at", "supplier_arrival"),
)
NOT_AFTER: Final = (
    ("publish", "open"),
    ("cut_off_grace", "demand_at"),
    ("sorted_by", "promised_from"),
    ("promised_from", "day_settled"),
    ("delivered_by", "day_settled"),
    ("day_settled", "reminder_next"),
    ("reminder_next", "uncollected_policy"),
)


class ClockUnreadable(BadInput):
    """A clock value is unknown, of the wrong kind or out of range; facts: value, given."""


class ClockContradiction(BadInput):
    """Two clock values contradict each other; facts: earlier, later (names), earlier_at, later_at (wall times)."""


@dataclass(frozen=True, slots=True)
class CycleTimes:
    """The instants of one cycle, all aware UTC, in the order its clock declares."""

    delivery_date: date
    publish: datetime
    open: datetime
    cut_off: datetime
    grace_until: datetime
    demand_at: datetime
    supplier_arrival: datetime
    sorted_by: datetime
    promised_from: datetime
    delivered_by: datetime
    day_settled: datetime
    reminder_next: datetime
    uncollected_policy: datetime


@dataclass(frozen=True, slots=True)
class RegionClock:
    """The wall times of a region in minutes since midnight of their own day; beyond 24:00 is the day after.

    publish to demand_at count from T-1, supplier_arrival to day_settled from T (the delivery date), the last two from
    T+1. The other numbers are minutes. `open` is `publish` where it is not given.
    """

    timezone: str = "Asia/Shanghai"
    publish: int = 14 * 60
    open: int = _AS_PUBLISHED
    cut_off: int = 23 * 60
    cut_off_grace: int = 5
    demand_at: int = 23 * 60 + 5
    hold_minutes: int = 30
    hold_minutes_last_hour: int = 10
    supplier_arrival: int = 10 * 60
    sorted_by: int = 14 * 60
    promised_from: int = 16 * 60
    delivered_by: int = 17 * 60
    day_settled: int = 20 * 60
    reminder_next: int = 10 * 60
    uncollected_policy: int = 20 * 60

    def __post_init__(self) -> None:
        if self.open == _AS_PUBLISHED:
            object.__setattr__(self, "open", self.publish)

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> "RegionClock":
        """Read a clock from "HH:MM" strings and whole minutes, defaults for what is missing, and validate it.

        Refuses ClockUnreadable and ClockContradiction.
        """
        for name in values.keys() - {field.name for field in fields(cls)}:
            raise ClockUnreadable(f"the clock has no {name}", value=name, given=values[name])
        read: dict[str, Any] = {name: _read(name, given) for name, given in values.items()}
        clock = cls(**read)
        clock.validate()
        return clock

    def as_mapping(self) -> dict[str, str | int]:
        """Return the clock as `parse` reads it: wall times as "HH:MM", durations as minutes."""
        values: dict[str, str | int] = asdict(self)
        return values | {name: _hh_mm(getattr(self, name)) for name in _DAY_OF}

    def validate(self) -> None:
        """Refuse a value out of range (ClockUnreadable) and two that contradict each other (ClockContradiction)."""
        _zone(self.timezone)
        for name, least in (_DURATIONS | dict.fromkeys(_DAY_OF, 0)).items():
            if not least <= getattr(self, name) < 2 * _DAY:
                raise ClockUnreadable(f"{name} is out of range", value=name, given=getattr(self, name))
        minutes = self._minutes()
        for earlier, later in STRICTLY_BEFORE:
            if minutes[earlier] >= minutes[later]:
                raise _contradiction(minutes, earlier, "before", later)
        for earlier, later in NOT_AFTER:
            if minutes[earlier] > minutes[later]:
                raise _contradiction(minutes, earlier, "no later than", later)

    def instants(self, delivery_date: date) -> CycleTimes:
        """Return the aware UTC instants of the cycle that is delivered on this date, in the order the clock declares.

        Where the zone sets its clocks forward, a wall time that does not exist is taken as much later, and what
        follows it is never earlier; where it sets them back, the first of two equal wall times counts.
        """
        zone = _zone(self.timezone)
        midnight = datetime.combine(delivery_date, time())
        reached: dict[str, datetime] = {}
        latest = datetime.min.replace(tzinfo=UTC)
        for name, minutes in sorted(self._minutes().items(), key=lambda moment: moment[1]):
            wall = (midnight + timedelta(minutes=minutes)).replace(tzinfo=zone).astimezone(UTC)
            if name == "cut_off_grace":  # the grace is minutes that people really have, also on a night of clock change
                wall = reached["cut_off"] + timedelta(minutes=self.cut_off_grace)
            latest = reached[name] = max(latest, wall)
        return CycleTimes(delivery_date, grace_until=reached.pop("cut_off_grace"), **reached)

    def hold_until(self, placed_at: datetime, times: CycleTimes) -> datetime:
        """Return until when an unpaid order is held: shorter in the last hour, never past cut-off and its grace."""
        last_hour = placed_at >= times.cut_off - timedelta(hours=1)
        held = timedelta(minutes=self.hold_minutes_last_hour if last_hour else self.hold_minutes)
        return min(placed_at + held, times.grace_until)

    def _minutes(self) -> dict[str, int]:
        minutes = {name: day * _DAY + cast("int", getattr(self, name)) for name, day in _DAY_OF.items()}
        cut_off = minutes["cut_off"]  # it and its grace stand first, so that they win a tie with demand_at
        return {"cut_off": cut_off, "cut_off_grace": cut_off + self.cut_off_grace} | minutes


@dataclass(frozen=True, slots=True)
class Period:
    """A month or week of a zone: its first and last day, and its bounds in UTC (starts_at included, ends_at not)."""

    label: str
    first_day: date
    last_day: date
    starts_at: datetime
    ends_at: datetime


def local_day(instant: datetime, tz: str) -> date:
    """Return the date the wall calendar of a zone shows at an instant; ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    return instant.astimezone(_zone(tz)).date()


def month_of(instant: datetime, tz: str) -> Period:
    """Return the calendar month of a zone that holds an instant, labelled "2025-03"."""
    first = local_day(instant, tz).replace(day=1)
    return _period(f"{first:%Y-%m}", first, (first + timedelta(days=31)).replace(day=1), tz)


def week_of(instant: datetime, tz: str) -> Period:
    """Return the settlement week, Monday to Sunday, of a zone that holds an instant, labelled "2025-W12"."""
    day = local_day(instant, tz)
    monday = day - timedelta(days=day.weekday())
    return _period(f"{monday:%G-W%V}", monday, monday + timedelta(days=7), tz)


def _period(label: str, first: date, following: date, tz: str) -> Period:
    starts_at, ends_at = (datetime.combine(day, time(), _zone(tz)).astimezone(UTC) for day in (first, following))
    return Period(label, first, following - timedelta(days=1), starts_at, ends_at)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as trouble:
        raise ClockUnreadable(f"no such time zone: {name[:40]}", value="timezone", given=name[:40]) from trouble


def _read(name: str, given: object) -> str | int:
    if name == "timezone" and isinstance(given, str):
        return given
    if name != "timezone" and type(given) is int and given >= 0:
        return given
    if name in _DAY_OF and isinstance(given, str) and (found := _HH_MM.fullmatch(given)):
        return int(found[1]) * 60 + int(found[2])
    raise ClockUnreadable(f"{name} cannot be read", value=name, given=given)


def _hh_mm(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _contradiction(minutes: Mapping[str, int], earlier: str, relation: str, later: str) -> ClockContradiction:
    earlier_at, later_at = (_on_its_day(minutes[name]) for name in (earlier, later))
    return ClockContradiction(
        f"{earlier} ({earlier_at}) must be {relation} {later} ({later_at})",
        earlier=earlier,
        later=later,
        earlier_at=earlier_at,
        later_at=later_at,
    )


def _on_its_day(minutes: int) -> str:
    day = minutes // _DAY
    return f"{_hh_mm(minutes % _DAY)} T{day:+d}" if day else f"{_hh_mm(minutes)} T"

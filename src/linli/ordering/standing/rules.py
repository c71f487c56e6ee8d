"""Pure decisions about standing orders: their weekdays and weeks, how long they are held, what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from linli.kernel.refusals import BadInput
from linli.ordering.standing.model import Outcome

HELD_BEFORE_CUT_OFF = timedelta(hours=1)
OUTCOMES = {"sold_out": Outcome.SOLD_OUT, "too_dear": Outcome.TOO_DEAR}


class WeekdaysUnclear(BadInput):
    """The weekdays of a standing order are one to seven different ones, 1 (Monday) to 7."""

    title = "请选择星期"


def as_bits(weekdays: Iterable[int]) -> int:
    """Return weekdays 1 to 7 as bits, Monday the lowest; refuses WeekdaysUnclear."""
    chosen = list(weekdays)
    if not chosen or len(set(chosen)) < len(chosen) or not all(1 <= day <= 7 for day in chosen):
        raise WeekdaysUnclear("weekdays are different numbers from 1 (Monday) to 7")
    return sum(1 << (day - 1) for day in chosen)


def from_bits(bits: int) -> tuple[int, ...]:
    """Return the weekdays that bits stand for, in order."""
    return tuple([day for day in range(1, 8) if bits & 1 << (day - 1)])


def bit_of(day: date) -> int:
    """Return the bit of a day's weekday."""
    return 1 << (day.isoweekday() - 1)


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.isoweekday() - 1)


def held_until(usual: datetime, cut_off_at: datetime) -> datetime:
    """Return until when a standing order is held unpaid: an hour before cut-off, or as usual where that is later."""
    return max(usual, cut_off_at - HELD_BEFORE_CUT_OFF)


def outcome_of(code: str) -> Outcome:
    """Return what a refusal's code means for a standing order."""
    return OUTCOMES.get(code, Outcome.REFUSED)

"""Pure decisions about cases: until when one may complain, what proof it takes, and how the clocks stand."""

from __future__ import annotations

from datetime import datetime, timedelta

from linli.aftersale.case.model import FAMILY_OF, CaseState, Family, Kind, Urgency

WARNING_AT = 75
"""Percent of a clock's time after which it warns."""


def window_ends(kind: Kind, *, collected_at: datetime, quality_hours: int, order_hours: int) -> datetime:
    """Return the last instant at which a case of this kind may be opened."""
    hours = quality_hours if FAMILY_OF[kind] is Family.QUALITY else order_hours
    return collected_at + timedelta(hours=hours)


def needs_photo(kind: Kind) -> bool:
    """Tell whether a case of this kind needs at least one photo."""
    return FAMILY_OF[kind] is Family.QUALITY


def answer_clock(*, state: CaseState, opened_at: datetime, due_at: datetime, now: datetime) -> Urgency:
    """Return how the clock of the first answer stands; it stops with the first word or decision."""
    return Urgency.STOPPED if state is not CaseState.OPENED else _urgency(opened_at, due_at, now)


def refund_clock(
    *, finished: bool, waiting_since: datetime | None, opened_at: datetime, due_at: datetime, now: datetime
) -> Urgency:
    """Return how the clock of the refund stands; it is paused while the member thinks about a proposal."""
    if finished:
        return Urgency.STOPPED
    return Urgency.PAUSED if waiting_since is not None else _urgency(opened_at, due_at, now)


def _urgency(begun: datetime, due: datetime, now: datetime) -> Urgency:
    if now > due:
        return Urgency.OVERDUE
    late = (now - begun) * 100 >= (due - begun) * WARNING_AT
    return Urgency.WARNING if late else Urgency.ON_TIME


def due_after_pause(due_at: datetime, *, waiting_since: datetime | None, now: datetime) -> datetime:
    """Return the due instant, later by as long as the case waited for the member."""
    return due_at if waiting_since is None else due_at + (now - waiting_since)

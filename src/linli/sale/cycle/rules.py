"""Pure decisions about cycles: which dates may be published, whom one is for, how long an unpaid order is held."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from linli.kernel.calendar import CycleTimes, RegionClock, local_day
from linli.sale.cycle.model import CycleValue, Scope

FURTHEST_DAYS = 30


def date_trouble(delivery_date: date, today: date) -> str:
    """Return why a delivery date cannot be published on a day ("past", "too_far"), or nothing."""
    if delivery_date < today:
        return "past"
    return "too_far" if delivery_date > today + timedelta(days=FURTHEST_DAYS) else ""


def publish_trouble(delivery_date: date, clock: RegionClock, now: datetime) -> str:
    """Return why a cycle cannot be published now ("past", "too_far", "cut_off_passed"), or nothing."""
    trouble = date_trouble(delivery_date, local_day(now, clock.timezone))
    if trouble:
        return trouble
    return "cut_off_passed" if clock.instants(delivery_date).cut_off <= now else ""


def instants(times: CycleTimes) -> dict[str, datetime]:
    """Return the instants of a clock by the names a cycle keeps them under."""
    return {
        "publish_at": times.publish,
        "opens_at": times.open,
        "cut_off_at": times.cut_off,
        "grace_until": times.grace_until,
        "demand_at": times.demand_at,
        "supplier_arrival": times.supplier_arrival,
        "sorted_by": times.sorted_by,
        "promised_from": times.promised_from,
        "delivered_by": times.delivered_by,
        "day_settled": times.day_settled,
        "reminder_next": times.reminder_next,
        "uncollected_policy": times.uncollected_policy,
    }


def hold_until(cycle: CycleValue, placed_at: datetime) -> datetime:
    """Return until when an unpaid order is held: shorter in the last hour, never past cut-off and its grace."""
    last_hour = placed_at >= cycle.cut_off_at - timedelta(hours=1)
    minutes = cycle.hold_minutes_last_hour if last_hour else cycle.hold_minutes
    return min(placed_at + timedelta(minutes=minutes), cycle.grace_until)


def covers(cycle: CycleValue, station_id: int) -> bool:
    """Tell whether the members of a station may order in a cycle."""
    return cycle.scope == Scope.REGION or station_id in cycle.station_ids


def reopened_until(cycle: CycleValue, until: datetime | None, now: datetime) -> dict[str, datetime] | None:
    """Return the instants of a cycle reopened until an instant (its own cut-off by default), None when too late.

    The demand is frozen no earlier than the new grace ends, and still before the goods arrive.
    """
    cut_off = until or cycle.cut_off_at
    grace = cut_off + timedelta(minutes=cycle.grace_minutes)
    demand = max(cycle.demand_at, grace, cut_off + timedelta(minutes=1))
    if cut_off <= now or demand >= cycle.supplier_arrival:
        return None
    return {"cut_off_at": cut_off, "grace_until": grace, "demand_at": demand}

"""The life of a cycle, and what other rooms know of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class CycleState(StrEnum):
    """Where a cycle stands, in the order of the day."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    BUYING = "buying"
    RECEIVING = "receiving"
    SORTING = "sorting"
    DELIVERING = "delivering"
    COLLECTING = "collecting"
    SETTLED = "settled"


_S = CycleState
CYCLE = Machine(
    "cycle",
    _S.DRAFT,
    {
        "open": ((_S.DRAFT,), _S.OPEN),
        "close": ((_S.OPEN,), _S.CLOSED),
        "reopen": ((_S.CLOSED,), _S.OPEN),
        "buy": ((_S.CLOSED,), _S.BUYING),
        "receive": ((_S.BUYING,), _S.RECEIVING),
        "sort": ((_S.RECEIVING,), _S.SORTING),
        "deliver": ((_S.SORTING,), _S.DELIVERING),
        "collect": ((_S.DELIVERING,), _S.COLLECTING),
        "settle": ((_S.COLLECTING,), _S.SETTLED),
    },
    final=(_S.SETTLED,),
)


class Scope(StrEnum):
    """For whom a cycle is: every station of the region, or the stations it names."""

    REGION = "region"
    STATIONS = "stations"


@dataclass(frozen=True)
class CycleValue:
    """A cycle: instants in UTC as its region's clock had them when it was published; `closings` counts its cut-offs."""

    id: int
    delivery_date: date
    state: str
    scope: str
    station_ids: tuple[int, ...]
    timezone: str
    publish_at: datetime
    opens_at: datetime
    cut_off_at: datetime
    grace_until: datetime
    demand_at: datetime
    supplier_arrival: datetime
    sorted_by: datetime
    promised_from: datetime
    delivered_by: datetime
    day_settled: datetime
    reminder_next: datetime
    uncollected_policy: datetime
    hold_minutes: int
    hold_minutes_last_hour: int
    grace_minutes: int
    closings: int
    closed_at: datetime | None

"""The life of a handover at a station."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class HandoverState(StrEnum):
    """Where a handover stands: expected, set down by the driver, signed by the leader."""

    EXPECTED = "expected"
    DELIVERED = "delivered"
    RECEIVED = "received"


HANDOVER = Machine(
    "handover",
    HandoverState.EXPECTED,
    {
        "deliver": ((HandoverState.EXPECTED,), HandoverState.DELIVERED),
        "receive": ((HandoverState.EXPECTED, HandoverState.DELIVERED), HandoverState.RECEIVED),
    },
    final=(HandoverState.RECEIVED,),
)


@dataclass(frozen=True, slots=True)
class HandoverValue:
    """The totes and pieces a station gets: as expected, as the driver counted, as the leader counted."""

    id: int
    cycle_id: int
    station_id: int
    leader_id: int
    mode: str
    state: str
    expected_totes: int
    expected_pieces: int
    driver_totes: int | None
    leader_totes: int | None
    note: str
    delivered_at: datetime | None
    received_at: datetime | None

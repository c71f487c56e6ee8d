"""Facts about handovers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class StationSupplied(Fact):
    """A driver set a station's totes down; the leader is to count and sign."""

    name: ClassVar[str] = "fulfilment.station_supplied"
    handover_id: int
    cycle_id: int
    station_id: int
    leader_id: int
    totes: int


@dataclass(frozen=True)
class StationDelivered(Fact):
    """A leader signed for a station's goods: members can collect.

    `difference` is totes counted minus expected, `driver_difference` totes counted minus what the driver set down.
    """

    name: ClassVar[str] = "fulfilment.station_delivered"
    handover_id: int
    cycle_id: int
    station_id: int
    leader_id: int
    difference: int
    driver_difference: int | None = None

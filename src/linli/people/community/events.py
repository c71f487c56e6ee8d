"""What happens to stations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class StationOpened(Fact):
    """A leader has a new station."""

    name: ClassVar[str] = "people.station_opened"
    region_id: int
    station_id: int
    leader_id: int
    community_id: int

"""Facts about sorting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class WavePlanned(Fact):
    """The totes and tasks of a cycle are planned."""

    name: ClassVar[str] = "supply.wave_planned"
    cycle_id: int
    wave_id: int
    totes: int
    tasks: int


@dataclass(frozen=True)
class SortingFinished(Fact):
    """Everything a cycle can deliver stands in totes."""

    name: ClassVar[str] = "supply.sorting_finished"
    cycle_id: int
    wave_id: int

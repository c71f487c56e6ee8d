"""Facts about sorting, and the wish that a cycle is sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact, Wish


@dataclass(frozen=True)
class WavePlanned(Fact):
    """The totes and tasks of a cycle are planned."""

    name: ClassVar[str] = "warehouse.wave_planned"
    cycle_id: int
    wave_id: int
    totes: int
    tasks: int


@dataclass(frozen=True)
class SortingFinished(Fact):
    """Everything a cycle can deliver stands in totes."""

    name: ClassVar[str] = "warehouse.sorting_finished"
    cycle_id: int
    wave_id: int


@dataclass(frozen=True)
class SortCycle(Wish):
    """Give out what arrived for a cycle and plan its sorting, what is not done yet of it."""

    name: ClassVar[str] = "warehouse.sort_cycle"
    patience: ClassVar[int] = 20
    cycle_id: int

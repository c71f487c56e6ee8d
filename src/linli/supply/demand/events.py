"""Facts about demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class DemandFrozen(Fact):
    """What a cycle's paid orders want is fixed: so many lines and pieces with this digest."""

    name: ClassVar[str] = "supply.demand_frozen"
    cycle_id: int
    lines: int
    pieces: int
    digest: str

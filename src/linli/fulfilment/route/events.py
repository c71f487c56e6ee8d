"""What routes announce and wish for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact, Wish


@dataclass(frozen=True)
class PlanRoutes(Wish):
    """The routes of a cycle shall be planned (again)."""

    name: ClassVar[str] = "fulfilment.plan_routes"
    patience: ClassVar[int] = 5
    cycle_id: int


@dataclass(frozen=True)
class RoutesPlanned(Fact):
    """The routes of a cycle are planned; stations without room or time on any vehicle are named."""

    name: ClassVar[str] = "fulfilment.routes_planned"
    cycle_id: int
    runs: int
    unserved: tuple[int, ...]


@dataclass(frozen=True)
class RunDeparted(Fact):
    """A vehicle left the warehouse."""

    name: ClassVar[str] = "fulfilment.run_departed"
    cycle_id: int
    run_id: int
    station_ids: tuple[int, ...]

"""What the life of a cycle tells the other rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class CyclePublished(Fact):
    """A cycle was planned; the delivery date is an ISO date."""

    name: ClassVar[str] = "sale.cycle_published"
    cycle_id: int
    delivery_date: str


@dataclass(frozen=True)
class CycleOpened(Fact):
    """Members may order now; the delivery date is an ISO date."""

    name: ClassVar[str] = "sale.cycle_opened"
    cycle_id: int
    delivery_date: str


@dataclass(frozen=True)
class CycleClosed(Fact):
    """Nobody can order any more: no order of the cycle commits after this; `closing` is 1, more after a reopening."""

    name: ClassVar[str] = "sale.cycle_closed"
    cycle_id: int
    delivery_date: str
    closing: int = 1


@dataclass(frozen=True)
class CycleReopened(Fact):
    """A closed cycle takes orders again until an ISO instant."""

    name: ClassVar[str] = "sale.cycle_reopened"
    cycle_id: int
    delivery_date: str
    cut_off_at: str


@dataclass(frozen=True)
class CycleSettled(Fact):
    """The day of a cycle is over."""

    name: ClassVar[str] = "sale.cycle_settled"
    cycle_id: int
    delivery_date: str

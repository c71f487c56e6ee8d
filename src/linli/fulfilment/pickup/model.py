"""The answer to a pickup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PickupValue:
    """What became of one order: pieces handed over now, or who had handed it over before, and when."""

    order_id: int
    serial: int | None
    member_id: int
    already: bool
    complete: bool
    at: datetime | None
    by: str
    pieces: dict[int, int]

"""The wish that the standing orders of a cycle are placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Wish


@dataclass(frozen=True)
class PlaceStandingOrders(Wish):
    """Order what standing orders want of a cycle that has opened."""

    name: ClassVar[str] = "ordering.place_standing_orders"
    patience: ClassVar[int] = 10
    cycle_id: int

"""The wish that a cycle's night is run, and the fact that everything is ordered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact, Wish


@dataclass(frozen=True)
class RunNight(Wish):
    """Take the steps of a cycle's night that are not taken yet."""

    name: ClassVar[str] = "supply.run_night"
    patience: ClassVar[int] = 20
    cycle_id: int


@dataclass(frozen=True)
class PurchaseOrdersOut(Fact):
    """The purchase orders of a cycle are on their way to their suppliers; none when stock covers all that is wanted."""

    name: ClassVar[str] = "supply.purchase_orders_out"
    cycle_id: int
    orders: int

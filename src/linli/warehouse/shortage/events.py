"""Facts about shortages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class ShortagesAllocated(Fact):
    """What arrived for a cycle was given out: so many skus and lines came out short, and fen went back for them."""

    name: ClassVar[str] = "warehouse.shortages_allocated"
    cycle_id: int
    skus: int
    lines: int
    refunded_fen: int


@dataclass(frozen=True)
class LineShort(Fact):
    """An order line comes out short; the fen go back to the member."""

    name: ClassVar[str] = "warehouse.line_short"
    cycle_id: int
    line_id: int
    order_id: int
    member_id: int
    leader_id: int
    station_id: int
    sku_id: int
    short: int
    refunded_fen: int

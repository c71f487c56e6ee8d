"""Facts about the lines of paid orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class LineRefunded(Fact):
    """Money of a line went back: `amount_fen` in all, of which `reversed_fen` had been earned by a hand-over."""

    name: ClassVar[str] = "ordering.line_refunded"
    refund_id: int
    order_id: int
    line_id: int
    cycle_id: int
    station_id: int
    leader_id: int
    member_id: int
    quantity: int
    amount_fen: int
    reversed_fen: int
    collected: bool
    reason: str


@dataclass(frozen=True)
class CollectedLine:
    """Pieces of a line that were handed over just now, and what they earned in fen."""

    line_id: int
    offer_id: int
    sku_id: int
    category_id: int
    quantity: int
    amount_fen: int
    commission_bp: int
    commission_fen: int | None
    part: str


@dataclass(frozen=True)
class OrderCollected(Fact):
    """Goods of an order were handed to the member; `complete` when nothing of it is left at the station."""

    name: ClassVar[str] = "ordering.order_collected"
    order_id: int
    cycle_id: int
    station_id: int
    leader_id: int
    member_id: int
    complete: bool
    lines: tuple[CollectedLine, ...]

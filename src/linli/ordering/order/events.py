"""Facts about orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class OrderPlaced(Fact):
    """An order was placed and its goods are held; payable in fen."""

    name: ClassVar[str] = "ordering.order_placed"
    order_id: int
    cycle_id: int
    station_id: int
    leader_id: int
    member_id: int
    payable_fen: int


@dataclass(frozen=True)
class OrderPaid(Fact):
    """An order was paid in full, in fen."""

    name: ClassVar[str] = "ordering.order_paid"
    order_id: int
    cycle_id: int
    station_id: int
    member_id: int
    amount_fen: int


@dataclass(frozen=True)
class OrderCancelled(Fact):
    """An order was cancelled; what had been paid goes back, in fen; its goods are free again."""

    name: ClassVar[str] = "ordering.order_cancelled"
    order_id: int
    cycle_id: int
    station_id: int
    member_id: int
    refunded_fen: int
    reason: str

"""Why stock moves, and one movement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MovementKind(StrEnum):
    """Why the stock of a sku grew or shrank; a mistake is undone by a movement of its own, void."""

    SURPLUS = "surplus"
    RESERVE = "reserve"
    FOUND = "found"
    LOSS = "loss"
    RETURN = "return"
    VOID = "void"


SHRINKS = (MovementKind.RESERVE, MovementKind.LOSS)


@dataclass(frozen=True, slots=True)
class StockMove:
    """Pieces of a sku that come (positive) or go (negative); the same origin moves a sku by a kind once."""

    kind: MovementKind
    sku_id: int
    quantity: int
    ref_kind: str
    ref_id: int
    cycle_id: int = 0
    lot: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class StockValue:
    """How many pieces of a sku are free."""

    sku_id: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class MovementValue:
    """One movement as a screen shows it."""

    id: int
    kind: str
    sku_id: int
    quantity: int
    cycle_id: int
    lot: str
    note: str
    made_at: datetime
    by: str

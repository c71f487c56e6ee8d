"""What can be decided about a case, and who bears it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What is decided."""

    REFUND = "refund"
    REJECT = "reject"


class Liability(StrEnum):
    """Whose fault it was; only the supplier is charged for it, everything else is a loss of the platform."""

    SUPPLIER = "supplier"
    WAREHOUSE = "warehouse"
    CARRIER = "carrier"
    LEADER = "leader"
    PLATFORM = "platform"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Award:
    """What goes back: fen, for so many pieces; 0 pieces where an amount was agreed on and the goods are kept."""

    pieces: int
    fen: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Which cases are refunded without a person: up to so many fen, for members with fewer cases in so many days."""

    most_fen: int
    most_cases: int
    days: int
    budget_fen: int

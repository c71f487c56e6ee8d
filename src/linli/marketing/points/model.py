"""What points are: movements, purses that expire, and the terms they become in a price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from linli.kernel.price import Stage, Term


class Movement(StrEnum):
    """Why points moved."""

    EARNED = "earned"
    TAKEN_BACK = "taken_back"
    SPENT = "spent"
    GIVEN_BACK = "given_back"
    SIGNED_IN = "signed_in"
    GRANTED = "granted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsTerm(Term):
    """Points that a member would spend on a basket: `per_yuan` of them are worth a yuan, and they pay at most
    `most_bp` of what the basket comes to."""

    kind: ClassVar[str] = "points"
    stage: ClassVar[Stage] = Stage.POINTS
    points: int
    per_yuan: int
    most_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnTerm(Term):
    """Points that a basket will earn when it is collected: so many for each yuan paid for goods."""

    kind: ClassVar[str] = "earn"
    stage: ClassVar[Stage] = Stage.EARN
    each_yuan: int


@dataclass(frozen=True, slots=True)
class Programme:
    """The region's rules of points."""

    each_yuan: int
    per_yuan: int
    most_bp: int
    sign_in: int
    kept_years: int


@dataclass(frozen=True, slots=True)
class Part:
    """Points of a member that expire after a day."""

    expires_on: date
    points: int


@dataclass(frozen=True, slots=True)
class PointsValue:
    """A member's points: all of them, what they are worth in fen, and when they expire."""

    points: int
    worth_fen: int
    purses: tuple[Part, ...]
    signed_in_today: bool


@dataclass(frozen=True, slots=True)
class MovementValue:
    """One movement of a member's points."""

    id: int
    kind: str
    points: int
    expires_on: date
    order_id: int | None
    note: str
    at: datetime

"""What a gift campaign is, and the term it becomes in a price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from linli.kernel.price import Stage, Term

GIFT = "gift"  # the kind of offers that are given, never sold


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftTerm(Term):
    """One piece of a gift offer is free when all else comes to the threshold; `had` when the member took it before."""

    kind: ClassVar[str] = "gift"
    stage: ClassVar[Stage] = Stage.STEP
    offer_ids: tuple[int, ...] = ()
    threshold_fen: int
    newcomers_only: bool
    had: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class GiftValue:
    """A gift campaign as it is priced with; without offers it is for every gift offer."""

    id: int
    title: str
    offer_ids: list[int]
    threshold_fen: int
    newcomers_only: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class GiftFigures:
    """How many members took a gift with orders that stand, and what it would have cost them in fen."""

    given: int = 0
    worth_fen: int = 0

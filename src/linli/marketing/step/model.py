"""What a campaign is: its time, scope and budget, and the terms it becomes in a price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from linli.kernel.price import Stage, Term


class Kind(StrEnum):
    """A campaign takes off by what is reached (满减, 满量), or by the buyer's tier."""

    AMOUNT = "amount"
    QUANTITY = "quantity"
    TIER = "tier"


class Rung(NamedTuple):
    """From so many fen (or pieces) on: fen off, or basis points off."""

    reached: int
    off_fen: int = 0
    off_bp: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTerm(Term):
    """Steps of an amount or of pieces in force for a basket; only the highest rung that is reached counts.

    With `every` the only rung counts once for each time it is reached (每满).
    """

    kind: ClassVar[str] = "step"
    stage: ClassVar[Stage] = Stage.STEP
    by: str
    rungs: tuple[Rung, ...]
    every: bool = False
    category_ids: tuple[int, ...] = ()
    offer_ids: tuple[int, ...] = ()
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTerm(Term):
    """Basis points off for members of some segments, in force for a basket."""

    kind: ClassVar[str] = "tier"
    stage: ClassVar[Stage] = Stage.TIER
    off_bp: tuple[tuple[str, int], ...]
    category_ids: tuple[int, ...] = ()
    offer_ids: tuple[int, ...] = ()
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class CampaignValue:
    """A campaign as it is priced with; fen, basis points, UTC."""

    id: int
    kind: str
    title: str
    rungs: list[list[int]]
    every: bool
    tiers: dict[str, Any]
    category_ids: list[int]
    offer_ids: list[int]
    starts_at: datetime
    ends_at: datetime
    budget_fen: int | None
    taken_fen: int


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """What a campaign took off orders that stand, and how many orders and members that were."""

    orders: int = 0
    members: int = 0
    taken_fen: int = 0

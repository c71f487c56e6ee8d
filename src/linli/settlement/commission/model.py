"""The rules of commission as plain values: what a rule is for, and what it pays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a rule is for, in the order in which rules are asked: the first that matches pays."""

    OFFER = "offer"
    PRODUCT = "product"
    LEADER = "leader"
    CATEGORY_LEVEL = "category_level"
    CATEGORY = "category"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rate of commission: basis points of what was collected, or fixed fen a piece.

    `id` 0 where no row stands for it.

    `scope_id` is the offer, product, leader or category; `level` counts only with a category.
    """

    id: int
    scope: Scope
    scope_id: int = 0
    level: str = ""
    rate_bp: int = 0
    piece_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Sold:
    """The facts of a collected line that rules ask for."""

    offer_id: int
    product_id: int
    category_id: int
    leader_id: int
    level: str


@dataclass(frozen=True, slots=True)
class Change:
    """How a line's commission changes: fen more (or less, negative), and the fen it stands at afterwards."""

    delta_fen: int
    amount_fen: int

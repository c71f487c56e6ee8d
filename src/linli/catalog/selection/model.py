"""What is known of a candidate, what a score says, and a price seen elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Trait(StrEnum):
    """What keeps goods out of the group: 大件 bulky, 易碎 fragile, 需安装 needs installation."""

    BULKY = "bulky"
    FRAGILE = "fragile"
    NEEDS_INSTALLATION = "needs_installation"


class Verdict(StrEnum):
    """What a score comes to: 可选 take it, 待议 talk it over, 不选 leave it, 排除 it is on the exclusion list."""

    TAKE = "take"
    TALK = "talk"
    LEAVE = "leave"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class ReferencePriceValue:
    """What a sku cost somewhere else at an instant, in fen a piece, with what proves it (a picture or an address)."""

    id: int
    sku_id: int
    price_fen: int
    source: str
    evidence: str
    seen_at: datetime


@dataclass(frozen=True)
class Candidate:
    """A sku that may be offered: fen a piece, grams, ml; quality marks 0 to 100; pieces a day wanted and to be had
    (None: no limit); complaints in basis points of what was sold before."""

    price_fen: int
    references: tuple[tuple[str, int], ...]
    quality_mark: int
    complaints_bp: int
    suppliers: int
    capacity_per_day: int | None
    wanted_per_day: int
    gross_g: int
    volume_ml: int
    traits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """How candidates are measured: weights in percent, advantages in basis points, the size from which goods are bulky
    in grams and ml, marks from 0 to 100."""

    price_weight: int = 40
    quality_weight: int = 35
    supply_weight: int = 25
    advantage_wanted_bp: int = 1_000
    advantage_full_bp: int = 2_000
    advantage_doubtful_bp: int = 4_000
    bulky_g: int = 20_000
    bulky_ml: int = 80_000
    take_from: int = 70
    talk_from: int = 50


@dataclass(frozen=True)
class Score:
    """How well a candidate fits: marks from 0 to 100, the reference price in fen, the advantage over it in basis points
    (None without reference), why it is excluded, what a person should look at, and what it comes to."""

    total: int
    price: int
    quality: int
    supply: int
    reference_fen: int | None
    advantage_bp: int | None
    excluded: tuple[str, ...]
    doubts: tuple[str, ...]
    verdict: str


@dataclass(frozen=True)
class SelectionValue:
    """A score as it was given: for which sku at what price, by whom, when."""

    id: int
    sku_id: int
    price_fen: int
    made_at: datetime
    by: str
    score: Score

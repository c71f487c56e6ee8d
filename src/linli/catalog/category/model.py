"""What a category says about the goods in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StorageClass(StrEnum):
    """How goods are kept: 常温 ambient, 冷藏 chilled (0 to 4 °C), 冷冻 frozen (below -18 °C)."""

    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"


class Nature(StrEnum):
    """What a category's default commission is measured by: 生鲜 fresh, 日用品 daily, or nothing (other)."""

    FRESH = "fresh"
    DAILY = "daily"
    OTHER = "other"


class Field(StrEnum):
    """What a category may require of a product before it is sold."""

    ORIGIN = "origin"
    GRADE = "grade"
    SHELF_LIFE = "shelf_life_days"
    NET_WEIGHT = "net_g"
    LICENCE = "licence"


@dataclass(frozen=True)
class CategoryValue:
    """A category: default commission in basis points, after-sale windows in hours since collection."""

    id: int
    parent_id: int | None
    name: str
    storage_class: str
    commission_bp: int
    quality_window_hours: int
    order_window_hours: int
    required_fields: tuple[str, ...]
    nature: str = Nature.OTHER


@dataclass(frozen=True)
class Band:
    """The least and the most basis points that a default commission may have."""

    least_bp: int
    most_bp: int

"""What a category says about the goods in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StorageClass(StrEnum):
    """How goods are kept: 常温 ambient, 冷藏 chilled (0 to 4 °C), 冷冻 frozen (below -18 °C)."""

    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"


class Field(StrEnum):
    """A field of a product that a category may require."""

    ORIGIN = "origin"
    GRADE = "grade"
    SHELF_LIFE = "shelf_life_days"
    NET_WEIGHT = "net_g"


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

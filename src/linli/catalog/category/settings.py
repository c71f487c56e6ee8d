"""Business settings of categories, validated and dated in the settings of head office (region 0)."""

from __future__ import annotations

from linli.catalog.category.model import Band
from linli.platform.settings import declare


def _ordered(band: Band) -> None:
    if not 0 <= band.least_bp <= band.most_bp <= 5_000:
        raise ValueError("a commission band runs upwards between 0 and 50 %")


def _few(levels: int) -> None:
    if not 1 <= levels <= 8:
        raise ValueError("the tree of categories has one to eight levels")


FRESH_COMMISSION = declare(
    "catalog.fresh_commission", Band, Band(800, 1_200), "生鲜品类默认佣金率的范围（基点）", _ordered
)
DAILY_COMMISSION = declare(
    "catalog.daily_commission", Band, Band(500, 800), "日用品品类默认佣金率的范围（基点）", _ordered
)
DEPTH = declare("catalog.category_depth", int, 4, "品类树最多几级", _few)

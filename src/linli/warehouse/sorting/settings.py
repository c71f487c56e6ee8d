"""How much a tote holds."""

from __future__ import annotations

from linli.platform.settings import Setting, declare
from linli.warehouse.sorting.model import ToteLimits


def _holds_something(limits: ToteLimits) -> None:
    if limits.weight_g < 1 or limits.volume_ml < 1:
        raise ValueError("a tote holds something")


TOTE: Setting[ToteLimits] = declare(
    "warehouse.tote",
    ToteLimits,
    ToteLimits(20_000, 60_000),
    "一个周转箱的上限：重量（克）与容积（毫升）",
    _holds_something,
)

BY_SCAN: Setting[bool] = declare(
    "warehouse.sorted_by_scan", bool, True, "是否逐件扫码分拣；没有仓库的团长关闭后，分拣安排好即视为分好，可直接交接"
)

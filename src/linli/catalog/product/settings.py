"""Business settings of products, validated and dated in the settings of head office (region 0)."""

from __future__ import annotations

from linli.platform.settings import declare


def _possible(band_bp: int) -> None:
    if not 0 < band_bp < 10_000:
        raise ValueError("the band lies between 0 and 100 % of the estimate")


WEIGHING_BAND = declare(
    "catalog.weighing_band_bp", int, 2_000, "称重商品实际重量相对估重的可信范围（基点，上下各）", _possible
)

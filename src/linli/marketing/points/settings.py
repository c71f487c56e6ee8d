"""Settings of points: what earns them, what they are worth, how long they last."""

from __future__ import annotations

from collections.abc import Callable

from linli.platform.settings import Setting, declare


def _within(least: int, most: int) -> Callable[[int], None]:
    def check(value: int) -> None:
        if not least <= value <= most:
            raise ValueError(f"a number from {least} to {most}")

    return check


EACH_YUAN: Setting[int] = declare(
    "points.each_yuan", int, 0, "每实付一元（提货后）获得的积分，0 为不积分", _within(0, 1_000)
)
PER_YUAN: Setting[int] = declare("points.per_yuan", int, 100, "多少积分抵一元", _within(1, 1_000_000))
MOST_BP: Setting[int] = declare(
    "points.most_bp", int, 2_000, "积分最多抵扣商品金额的比例（万分之）", _within(0, 10_000)
)
SIGN_IN: Setting[int] = declare("points.sign_in", int, 0, "每日签到获得的积分，0 为不开放签到", _within(0, 10_000))
KEPT_YEARS: Setting[int] = declare(
    "points.kept_years", int, 1, "积分在获得之年的几年后年底失效（0 为当年年底）", _within(0, 10)
)

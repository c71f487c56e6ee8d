"""Settings of commission: how long earnings stay frozen, and what is paid where no rule and no category says."""

from __future__ import annotations

from linli.platform.settings import Setting, declare


def _hours(value: int) -> None:
    if not 0 <= value <= 24 * 90:
        raise ValueError("hours from 0 to 2160")


def _rate(value: int) -> None:
    if not 0 <= value <= 5_000:
        raise ValueError("basis points from 0 to 5000")


FREEZE_HOURS: Setting[int] = declare(
    "settlement.freeze_hours", int, 7 * 24, "佣金冻结时长（小时）：自核销起，期满后随周结转为可提现", _hours
)
DEFAULT_RATE_BP: Setting[int] = declare(
    "settlement.default_rate_bp", int, 800, "区域默认佣金率（万分之）：没有其他规则时使用", _rate
)

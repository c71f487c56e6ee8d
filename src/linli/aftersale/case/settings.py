"""Settings of cases: how fast they are answered and refunded."""

from __future__ import annotations

from linli.platform.settings import Setting, declare


def _minutes(value: int) -> None:
    if not 1 <= value <= 7 * 24 * 60:
        raise ValueError("minutes from 1 to 10080")


def _hours(value: int) -> None:
    if not 1 <= value <= 24 * 30:
        raise ValueError("hours from 1 to 720")


ANSWER_MINUTES: Setting[int] = declare(
    "aftersale.answer_minutes", int, 60, "售后单首次答复时限（分钟），超时列入客服的超时清单", _minutes
)
REFUND_HOURS: Setting[int] = declare(
    "aftersale.refund_hours", int, 24, "售后单退款时限（小时），等待会员确认期间暂停计时", _hours
)

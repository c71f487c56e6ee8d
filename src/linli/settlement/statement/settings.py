"""When the week is settled."""

from __future__ import annotations

from linli.platform.settings import Setting, declare


def _minutes(value: int) -> None:
    if not 0 <= value < 24 * 60:
        raise ValueError("minutes after Monday 00:00, less than a day")


SETTLED_AT: Setting[int] = declare(
    "settlement.statement_minute", int, 2 * 60, "周结时刻：区域时间周一零点之后的分钟数（默认 02:00）", _minutes
)

"""Settings of parcels."""

from __future__ import annotations

from linli.platform.settings import Setting, declare


def _days(value: int) -> None:
    if not 1 <= value <= 60:
        raise ValueError("days from 1 to 60")


RECEIPT_DAYS: Setting[int] = declare(
    "fulfilment.receipt_days", int, 10, "直发包裹发出多少天后，会员未确认收货则自动确认", _days
)

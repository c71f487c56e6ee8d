"""Settings of refunds: what each provider allows, as its contract says today."""

from __future__ import annotations

from datetime import timedelta

from linli.money.refund.model import RefundLimits
from linli.platform.database import Tx
from linli.platform.settings import Setting, declare, value_of


def _small(value: dict[str, int]) -> None:
    if len(value) > 20 or not all(0 <= number <= 100_000 for number in value.values()):
        raise ValueError("a number from 0 to 100000 for each channel")


DAYS: Setting[dict[str, int]] = declare(
    "money.refund_days", dict[str, int], {"sandbox": 365, "wechat": 365, "alipay": 365},
    "各支付渠道在付款后多少天内可以退款，超过后直接转人工；未列出的渠道不限", _small,
)  # fmt: skip
MOST: Setting[dict[str, int]] = declare(
    "money.refunds_per_charge", dict[str, int], {"sandbox": 50, "wechat": 50},
    "各支付渠道每笔收款最多可退的次数；未列出的渠道不限", _small,
)  # fmt: skip
GAP: Setting[dict[str, int]] = declare(
    "money.refund_gap_seconds", dict[str, int], {"sandbox": 60, "wechat": 60},
    "同一笔收款两次退款之间至少相隔的秒数；未列出的渠道不限", _small,
)  # fmt: skip


async def limits_of(tx: Tx, channel: str) -> RefundLimits:
    """Return what a channel's provider allows in this region now."""
    days, most = (await value_of(tx, DAYS)).get(channel), (await value_of(tx, MOST)).get(channel)
    gap = (await value_of(tx, GAP)).get(channel, 0)
    return RefundLimits(None if days is None else timedelta(days=days), most, timedelta(seconds=gap))

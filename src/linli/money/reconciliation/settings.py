"""Settings of reconciliation: whose bills are fetched, and the agreed fees."""

from __future__ import annotations

from linli.platform.settings import Setting, declare


def _known(value: list[str]) -> None:
    if not set(value) <= {"wechat", "alipay"}:
        raise ValueError("wechat and alipay write bills")


def _rates(value: dict[str, int]) -> None:
    if not all(0 <= rate <= 1_000 for rate in value.values()):
        raise ValueError("basis points from 0 to 1000")


FETCHED: Setting[list[str]] = declare(
    "money.bill_channels", list[str], [], "每天自动下载并核对账单的支付渠道（wechat、alipay），平台级设置", _known
)
FEES: Setting[dict[str, int]] = declare(
    "money.fee_bp",
    dict[str, int],
    {"wechat": 60, "alipay": 60},
    "各支付渠道约定的手续费率（万分之几），用于核对账单",
    _rates,
)

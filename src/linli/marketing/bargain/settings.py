"""The business settings of bargains."""

from __future__ import annotations

from linli.platform.settings import declare


def _positive(value: int) -> None:
    if not 1 <= value <= 100:
        raise ValueError("1 至 100 次")


HELPS_FROM_ADDRESS = declare("bargain.helps_from_address", int, 3, "同一网络地址最多可为一次砍价帮砍几次", _positive)

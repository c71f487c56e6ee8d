"""Settings of invites: how many rewards an inviter gets in a month."""

from __future__ import annotations

from linli.platform.settings import Setting, declare


def _within(value: int) -> None:
    if not 0 <= value <= 10_000:
        raise ValueError("a number from 0 to 10000")


MONTHLY_CAP: Setting[int] = declare("invite.monthly_cap", int, 20, "每位邀请人每月最多获得的邀请奖励次数", _within)

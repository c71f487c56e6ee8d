"""Settings of automatic refunds."""

from __future__ import annotations

from linli.aftersale.remedy.model import Policy
from linli.platform.database import Tx
from linli.platform.settings import Setting, declare, value_of


def _fen(value: int) -> None:
    if not 0 <= value <= 10**9:
        raise ValueError("fen from 0 to 1000000000")


def _count(value: int) -> None:
    if not 0 <= value <= 1_000:
        raise ValueError("a number from 0 to 1000")


def _days(value: int) -> None:
    if not 1 <= value <= 365:
        raise ValueError("days from 1 to 365")


AUTO_MOST_FEN: Setting[int] = declare(
    "aftersale.auto_most_fen", int, 1_000, "小额售后自动退款的单笔上限（分），0 为不自动退款", _fen
)
AUTO_BUDGET_FEN: Setting[int] = declare(
    "aftersale.auto_budget_fen", int, 20_000, "每个区域每天自动退款的预算（分），用完后转人工", _fen
)
AUTO_MOST_CASES: Setting[int] = declare(
    "aftersale.auto_most_cases", int, 3, "会员近期售后单达到此数后不再自动退款", _count
)
AUTO_DAYS: Setting[int] = declare("aftersale.auto_days", int, 30, "统计会员近期售后单的天数", _days)


async def policy_of(tx: Tx) -> Policy:
    """Return the region's policy of automatic refunds."""
    return Policy(
        most_fen=await value_of(tx, AUTO_MOST_FEN), most_cases=await value_of(tx, AUTO_MOST_CASES),
        days=await value_of(tx, AUTO_DAYS), budget_fen=await value_of(tx, AUTO_BUDGET_FEN),
    )  # fmt: skip

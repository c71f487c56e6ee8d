"""Amounts of money in the capital characters that Chinese vouchers carry beside the digits."""

from __future__ import annotations

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def capital_yuan(fen: int) -> str:
    """Write fen in the capital characters of a voucher 大写金额; ValueError from 10^12 yuan on."""
    whole, cents = divmod(abs(fen), 100)
    if whole >= 10**12:
        raise ValueError("no paper carries an amount this large")
    jiao, last = divmod(cents, 10)
    words = f"{_whole(whole)}元" if whole else ""
    if not cents:
        words = (words or "零元") + "整"
    else:
        words += f"{_DIGITS[jiao]}角" if jiao else ("零" if whole else "")
        words += f"{_DIGITS[last]}分" if last else "整"
    return ("负" if fen < 0 else "") + words


def _whole(number: int) -> str:
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    words = ""
    gap = False
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if not group:
            gap = bool(words)
            continue
        if words and (gap or group < 1_000):
            words += "零"
        words += _group(group) + _GROUPS[index]
        gap = False
    return words


def _group(number: int) -> str:
    words = ""
    gap = False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if not digit:
            gap = bool(words)
            continue
        words += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return words

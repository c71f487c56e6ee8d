"""Quantities as people write them: ordinary, full-width and Chinese numerals, halves and fractions."""

from __future__ import annotations

from decimal import Decimal

NUMERAL = (
    "(?:[一二两三四五六七八九]?百(?:零[一二三四五六七八九]|[一二三四五六七八九]十[一二三四五六七八九]?|[一二三四五六七八九])?"
    "|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九半壹贰叁肆伍陆柒捌玖])"
)
DIGITS = r"\d{1,6}(?:\.\d{1,3})?"
_VALUES = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_VALUES |= {formal: n for n, formal in enumerate("壹贰叁肆伍陆柒捌玖", start=1)} | {"俩": 2, "仨": 3}
HALF = Decimal("0.5")


def quantity_of(text: str) -> Decimal:
    """Turn the text of one number (12, 2.5, 1/2, 十二, 一百二, 半, 俩) into an exact quantity."""
    text = text.strip()
    if text == "半":
        return HALF
    if "/" in text:
        upper, _, lower = text.partition("/")
        return Decimal(upper) / Decimal(lower)
    if text[0].isdigit():
        return Decimal(text)
    return Decimal(_chinese(text))


def _chinese(text: str) -> int:
    hundreds, mark, rest = text.rpartition("百")
    total = 100 * _VALUES.get(hundreds, 1) if mark else 0
    if len(rest) == 1 and mark and rest in _VALUES:
        return total + 10 * _VALUES[rest]
    tens, mark, ones = rest.lstrip("零").rpartition("十")
    if mark:
        total += 10 * _VALUES.get(tens, 1)
    return total + _VALUES.get(ones, 0)

"""Whole fen: splitting, shares and printing of money without losing or inventing a single one."""

import re
from collections.abc import Sequence
from typing import Final

from linli.kernel.width import half_width

Fen = int
"""An amount of money in fen (分), a hundredth of a yuan; always a plain int."""

MAX_FEN: Final = 10**13
"""No single amount is larger than this (100 billion yuan); whatever is, is a mistake."""

WHOLE_BP: Final = 10_000
"""One hundred percent in basis points."""

_YUAN: Final = re.compile(r"([+-]?)¥?([0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.([0-9]{1,2}))?元?")


def split(total: Fen, weights: Sequence[int]) -> list[Fen]:
    """Share fen in proportion to weights by largest remainder, ties to the earlier one, so that the parts sum to total.

    A negative total is the mirror of the positive one; a zero weight gets 0. ValueError for a negative weight, and
    where there is something to share but nobody to take it.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("a weight cannot be negative")
    whole = sum(weights)
    if whole == 0:
        if total:
            raise ValueError(f"{total} fen cannot be split: all weights are zero")
        return [0] * len(weights)
    if total < 0:
        return [-part for part in split(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: -(total * weights[at] % whole))
    for at in by_remainder[: total - sum(parts)]:
        parts[at] += 1
    return parts


def portion(amount: Fen, part: int, whole: int) -> Fen:
    """Return part/whole of an amount in fen, a half rounded away from zero, so that a refund mirrors its charge.

    ValueError unless whole is positive.
    """
    if whole <= 0:
        raise ValueError(f"a portion needs a positive whole, not {whole}")
    product = amount * part
    rounded = (2 * abs(product) + whole) // (2 * whole)
    return rounded if product >= 0 else -rounded


def share_bp(amount: Fen, rate_bp: int) -> Fen:
    """Return rate_bp basis points of an amount in fen, a half rounded away from zero."""
    return portion(amount, rate_bp, WHOLE_BP)


def cumulative_portion(amount: Fen, part_before: int, part_now: int, whole: int) -> Fen:
    """Return the fen that belong to the next part_now of whole when part_before were taken already.

    However the whole is taken, in few steps or many, the answers sum to amount. ValueError beyond the whole.
    """
    if part_before < 0 or part_now < 0 or part_before + part_now > whole:
        raise ValueError(f"cannot take {part_now} of {whole} after {part_before}")
    return portion(amount, part_before + part_now, whole) - portion(amount, part_before, whole)


def yuan(fen: Fen) -> str:
    """Print fen as yuan with two decimals: -1230 is "-12.30"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def parse_yuan(text: str) -> Fen:
    """Read yuan as people write them ("12", "12.3", "￥12.30", "１２元", "1,234.50") into fen.

    ValueError for anything else, for more than two decimals, and beyond MAX_FEN.
    """
    found = _YUAN.fullmatch(half_width(text).strip())
    if found is None:
        raise ValueError(f"not an amount in yuan: {text[:40]!r}")
    sign, whole, decimals = found.groups()
    fen = int(whole.replace(",", "")) * 100 + int((decimals or "").ljust(2, "0"))
    if fen > MAX_FEN:
        raise ValueError(f"more than any amount can be: {text[:40]!r}")
    return -fen if sign == "-" else fen

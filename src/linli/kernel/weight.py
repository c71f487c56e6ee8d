"""Whole grams: reading and printing weights in the units of the market, 斤 and kg, without rounding."""

import re
from typing import Final

from linli.kernel.width import half_width

Grams = int
"""A weight in grams; always a plain int."""

JIN: Final = 500
KILO: Final = 1000

_UNITS: Final = {"g": 1, "克": 1, "两": 50, "斤": JIN, "市斤": JIN, "kg": KILO, "公斤": KILO, "千克": KILO}
_WEIGHT: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?\s*([a-z]+|[克两斤市公千]+)")


def grams(text: str) -> Grams:
    """Read a weight with its unit ("500g", "2.5斤", "３两", "1.5 kg", "2公斤") into grams.

    ValueError without a unit, for an unknown one, and where the weight is not a whole number of grams.
    """
    found = _WEIGHT.fullmatch(half_width(text).strip().lower())
    if found is None or found[3] not in _UNITS:
        raise ValueError(f"not a weight with its unit: {text[:40]!r}")
    millionths = int(found[1] + (found[2] or "").ljust(6, "0")) * _UNITS[found[3]]
    exact, rest = divmod(millionths, 1_000_000)
    if rest:
        raise ValueError(f"finer than a gram: {text[:40]!r}")
    return exact


def jin(weight: Grams) -> str:
    """Print grams as 斤, exactly: 750 is "1.5斤"."""
    return _decimal(weight * 2) + "斤"


def kilos(weight: Grams) -> str:
    """Print grams as kg, exactly: 750 is "0.75kg"."""
    return _decimal(weight) + "kg"


def _decimal(thousandths: int) -> str:
    whole, rest = divmod(abs(thousandths), 1000)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{whole}.{rest:03d}".rstrip("0").rstrip(".")

"""Pure checks of a product before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from linli.catalog.product.model import NewSkuValue


def missing_fields(required: Iterable[str], product: Mapping[str, Any], skus: Sequence[NewSkuValue]) -> list[str]:
    """Return which required fields are empty; the net weight must be known of every size."""
    net_known = all(sku.net_g > 0 for sku in skus)
    return [name for name in required if not (net_known if name == "net_g" else product.get(name))]


def barcode_holds(barcode: str) -> bool:
    """Tell whether the check digit of an EAN-8, UPC-A or EAN-13 barcode is right."""
    if len(barcode) not in (8, 12, 13) or not (barcode.isascii() and barcode.isdigit()):
        return False
    digits = [int(sign) for sign in reversed(barcode)]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def repeated(values: Iterable[str]) -> list[str]:
    """Return the values that stand there more than once, empty ones not counted."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for value in values:
        if value and value in seen:
            twice[value] = None
        seen.add(value)
    return list(twice)

"""Pure checks of a product and its sizes before they are made or sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from linli.catalog.product.model import NewSkuValue

FULL = 10_000


def missing_fields(
    required: Iterable[str], product: Mapping[str, Any], skus: Sequence[Any], *, licensed: bool | None = None
) -> list[str]:
    """Return which required fields are empty; the net weight must be known of every size.

    A licence is asked for only where `licensed` says whether there is one: a product is made before its licences.
    """
    net_known = all(sku.net_g > 0 for sku in skus)
    known = {"net_g": net_known, "licence": licensed is not False}
    return [name for name in required if not (known[name] if name in known else product.get(name))]


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


def weighed_out(sku: NewSkuValue, band_bp: int) -> NewSkuValue:
    """Return a size with estimate and plausible weights in grams: what is left out comes from its net (or gross) weight
    and a band around it; goods that are not weighed have none."""
    if not sku.weighed:
        return replace(sku, estimate_g=0, least_g=0, most_g=0)
    estimate = sku.estimate_g or sku.net_g or sku.gross_g
    least = sku.least_g or max(1, estimate * (FULL - band_bp) // FULL)
    most = sku.most_g or -(-estimate * (FULL + band_bp) // FULL)
    return replace(sku, estimate_g=estimate, least_g=least, most_g=most)


def size_trouble(sku: NewSkuValue) -> str:
    """Return why a size cannot stand: barcode_wrong, net_above_gross or band_without_estimate; empty when it can."""
    if sku.barcode and not barcode_holds(sku.barcode):
        return "barcode_wrong"
    if sku.net_g > sku.gross_g:
        return "net_above_gross"
    if sku.weighed and not 0 < sku.least_g <= sku.estimate_g <= sku.most_g:
        return "band_without_estimate"
    return ""

"""What a tote is called, and which scanned code means which product."""

from __future__ import annotations


def code_of_day(day_code: str) -> str:
    """Return how the codes of all totes of a day (yymmdd) begin; a running number of six digits or more follows."""
    return f"T{day_code}"


def accepts(barcode: str, sku_id: int, scanned: str) -> bool:
    """Tell whether a scanned code means the sku: its barcode, or its number where it has none."""
    return scanned == (barcode or str(sku_id))

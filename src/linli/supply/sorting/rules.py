"""Filling totes: orders stay together where they can, no tote beyond its limits."""

from __future__ import annotations

from collections.abc import Sequence

from linli.supply.sorting.model import Piece, Put, ToteLimits


def fill(pieces: Sequence[Piece], limits: ToteLimits) -> list[Put]:
    """Put the pieces of one station and storage class, in their order, into totes one after the other.

    A line is split where a tote is full; only a single piece beyond the limits fills a tote by itself.
    """
    puts: list[Put] = []
    tote = weight = volume = inside = 0
    for piece in pieces:
        left = piece.quantity
        while left:
            fits = min(
                left, _room(limits.weight_g - weight, piece.gross_g), _room(limits.volume_ml - volume, piece.volume_ml)
            )
            if fits <= 0 and inside:
                tote, weight, volume, inside = tote + 1, 0, 0, 0
                continue
            fits = max(fits, 1)
            puts.append(Put(piece.line_id, tote, fits))
            weight, volume = weight + fits * piece.gross_g, volume + fits * piece.volume_ml
            inside, left = inside + fits, left - fits
    return puts


def _room(free: int, each: int) -> int:
    """Return how many pieces fit; none where something is too large already, any number of what takes no room."""
    if free < 0:
        return 0
    return free // each if each else 2**31


def tote_code(day_code: str, number: int) -> str:
    """Return the code printed on a tote, unique in the region: day and running number."""
    return f"T{day_code}{number:06d}"


def accepts(barcode: str, sku_id: int, scanned: str) -> bool:
    """Tell whether a scanned code means the sku: its barcode, or its number where it has none."""
    return scanned == (barcode or str(sku_id))

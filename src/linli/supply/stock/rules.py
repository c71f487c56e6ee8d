"""Pure arithmetic of stock movements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from linli.supply.stock.model import SHRINKS, MovementKind, StockMove


def grown(moves: Iterable[StockMove]) -> dict[int, int]:
    """Return how many pieces each sku gains or loses by these movements, in order of sku, zeros left out."""
    sums: dict[int, int] = {}
    for move in moves:
        sums[move.sku_id] = sums.get(move.sku_id, 0) + move.quantity
    return {sku_id: sums[sku_id] for sku_id in sorted(sums) if sums[sku_id]}


def taken(wanted: Mapping[int, int], free: Mapping[int, int]) -> dict[int, int]:
    """Return how many of the wanted pieces the free stock gives, in order of sku, nothings left out."""
    given = {sku_id: min(wanted[sku_id], free.get(sku_id, 0)) for sku_id in sorted(wanted)}
    return {sku_id: count for sku_id, count in given.items() if count > 0}


def signed(kind: MovementKind, pieces: int) -> int:
    """Return pieces with the sign a kind of movement gives them."""
    return -pieces if kind in SHRINKS else pieces

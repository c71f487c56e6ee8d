"""The sentences that must be true of a cycle, to the piece and gram, as far as its books are written."""

from __future__ import annotations

from collections.abc import Iterator

from linli.fulfilment.truth.model import SkuBooks, ToteBooks, Untruth


def of_sku(books: SkuBooks) -> Iterator[Untruth]:
    """Yield what is not true of a sku: ordered = purchased − rounding + stock used = sorted + short."""
    ordered = books.wanted - books.back_before
    if books.demand is not None:
        yield from _same(books.sku_id, "frozen demand = what orders wanted", ordered, books.demand)
    if books.stock_used is not None and books.rounding is not None:
        bought = books.purchased - books.rounding + books.stock_used
        yield from _same(books.sku_id, "ordered = purchased − rounding + stock used", ordered, bought)
    if books.sorted is not None:
        left = ordered - books.back_since
        yield from _same(books.sku_id, "ordered = sorted + short", left, books.sorted + books.short)
        to_members = books.wanted - books.lines_short
        if not books.handed_over <= to_members <= books.sorted:
            yield Untruth(books.sku_id, "handed over ≤ what orders get ≤ sorted", books.sorted, to_members)


def of_totes(books: ToteBooks) -> Iterator[Untruth]:
    """Yield what is not true of the totes of a cycle beside the lines in them, and of what stations are to get."""
    yield from _same(0, "pieces in totes = pieces of their lines", books.lines_pieces, books.pieces)
    yield from _same(0, "grams in totes = grams of their lines", books.lines_weight_g, books.weight_g)
    if books.expected is not None:
        yield from _same(0, "pieces stations are to get = pieces in totes", books.pieces, books.expected)


def _same(sku_id: int, what: str, expected: int, found: int) -> Iterator[Untruth]:
    if expected != found:
        yield Untruth(sku_id, what, expected, found)

"""What the books of a cycle say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SkuBooks:
    """What each book says of a sku in a cycle, in pieces; what is not written yet is None.

    `wanted` are the paid lines; `back_before` and `back_since` were refunded before the freeze, and between it and the
    sorting; `lines_short` is what the lines say will not come, for whatever reason.
    """

    sku_id: int
    wanted: int
    back_before: int
    back_since: int
    lines_short: int
    handed_over: int
    demand: int | None
    stock_used: int | None
    rounding: int | None
    purchased: int
    sorted: int | None
    short: int


@dataclass(frozen=True, slots=True)
class ToteBooks:
    """What the totes of a cycle say beside the lines in them, in pieces and grams; what stations are to get."""

    pieces: int
    weight_g: int
    lines_pieces: int
    lines_weight_g: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class Untruth:
    """One sentence that the books of a cycle contradict; `sku_id` is 0 where it is about the whole cycle."""

    sku_id: int
    what: str
    expected: int
    found: int

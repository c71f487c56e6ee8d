"""Plain values of a price: what is wanted, what takes off, and what each line comes to."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_QUANTITY = 9_999
MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """One offer of a basket: how many pieces, at which unit price in fen."""

    offer_id: int
    quantity: int
    unit_price_fen: int


@dataclass(frozen=True, slots=True)
class Discount:
    """An amount in fen that a source takes off the offers it is for (all of them when none is named)."""

    source: str
    amount_fen: int
    offer_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One priced line in fen: payable = goods − the sum of its discounts."""

    offer_id: int
    quantity: int
    unit_price_fen: int
    goods_fen: int
    discounts: tuple[tuple[str, int], ...]
    payable_fen: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced basket in fen: payable = goods − discounts + fees = the sum of its lines + fees."""

    lines: tuple[QuoteLine, ...]
    goods_fen: int
    discounts: tuple[tuple[str, int], ...]
    fee_fen: int
    payable_fen: int

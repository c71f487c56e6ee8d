"""Who asks for scarce goods, what each gets, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Rule(StrEnum):
    """How scarce goods are given out: 先付先得, 按比例, 小单优先."""

    PAID_TIME = "paid_time"
    PROPORTIONAL = "proportional"
    SMALL_FIRST = "small_first"


class Source(StrEnum):
    """Where it was seen that goods are missing."""

    RECEIVING = "receiving"
    SORTING = "sorting"


@dataclass(frozen=True, slots=True)
class Claim:
    """An order line that asks for scarce pieces."""

    line_id: int
    wanted: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """What a claim got; `rank` is its place in the order of the rule, counted from 1."""

    line_id: int
    wanted: int
    given: int
    rank: int

    @property
    def short(self) -> int:
        """Return the pieces it did not get."""
        return self.wanted - self.given


@dataclass(frozen=True, slots=True)
class LineAsked:
    """An order line beside its claim: whom to tell and what to note when it comes out short."""

    line_id: int
    order_id: int
    member_id: int
    leader_id: int
    station_id: int
    offer_id: int
    sku_id: int
    ordered: int
    wanted: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class ShortLineValue:
    """Why an order line got less than it wanted; the refund is in fen."""

    line_id: int
    order_id: int
    station_id: int
    sku_id: int
    source: str
    rule: str
    wanted: int
    given: int
    short: int
    refunded_fen: int
    why: str
    allocated_at: datetime

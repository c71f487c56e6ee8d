"""Plain values of stock: who takes, and a shelf with what is left on it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Taker(NamedTuple):
    """Who takes pieces: the member, how many orders they paid before, and the station that stands for them."""

    member_id: int
    orders_paid: int = 0
    community_id: int = 0
    leader_level: str = ""


class Shelf(NamedTuple):
    """An offer's row as it was locked: the counter, and whether it is on sale; the rest is in its OfferValue."""

    id: int
    version: int
    sold: int
    stock_limit: int | None
    on_sale: bool
    withdrawn: bool
    opens_at: datetime
    closes_at: datetime

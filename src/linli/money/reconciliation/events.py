"""Wishes of reconciliation."""

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Wish


@dataclass(frozen=True)
class FetchBill(Wish):
    """Fetch the bill of a channel's day (as text) and keep its lines; comes back for a day when it is not written."""

    name: ClassVar[str] = "money.fetch_bill"
    patience: ClassVar[int] = 36
    channel: str
    day: str

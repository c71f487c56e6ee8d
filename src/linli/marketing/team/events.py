"""Facts about teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class TeamPriceReached(Fact):
    """A team is complete whose members paid the base price: the difference of one order is to come back, in fen."""

    name: ClassVar[str] = "marketing.team_price_reached"
    team_id: int
    order_id: int
    offer_id: int
    amount_fen: int

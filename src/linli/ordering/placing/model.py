"""What is wanted of an order that is to be placed, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from linli.kernel.price import Quote


class Placement(NamedTuple):
    """An order that somebody wants to place: (offer, pieces) of one cycle, and the amount in fen that was shown.

    Without a station it is the member's own; `expect_payable_fen` None means whatever it costs now; `using` is what
    the orderer chose of promotions; `by` is whoever causes it. What is offered as express goes to the `address`
    (province, city, district, and the rest sealed). A standing order (周期购) may buy what is offered for those only;
    `most_fen` is the most that the order may come to, `hold_until` another end of its hold than usual.
    """

    member_id: int
    cycle_id: int
    lines: tuple[tuple[int, int], ...]
    by: str
    station_id: int | None = None
    expect_payable_fen: int | None = None
    by_leader: int | None = None
    payer: str = ""
    note: str = ""
    payment: str = "online"
    using: Mapping[str, Any] = {}
    address: Mapping[str, str] | None = None
    standing: bool = False
    most_fen: int | None = None
    hold_until: datetime | None = None


class PlacedOrder(NamedTuple):
    """An order that was placed: ids of the order and of its lines (in the quote's order), price, its hold,
    the terms of its offers, and its cycle."""

    id: int
    line_ids: tuple[int, ...]
    placement: Placement
    station_id: int
    leader_id: int
    quote: Quote
    hold_until: datetime
    pickup_code: str
    serial: int | None
    priced: Any
    offers: tuple[Any, ...]
    cycle: Any

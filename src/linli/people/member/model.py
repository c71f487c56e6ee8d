"""A member as other rooms know them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class MemberValue:
    """A neighbour who buys; without an account when a leader wrote them down.

    Of the phone only the last four digits.
    """

    id: int
    account_id: int | None
    nickname: str
    place: str
    phone_tail: str
    station_id: int | None
    orders_paid: int


class How(StrEnum):
    """How a member came to a station: by a leader's link, by choosing it, or written down by the leader."""

    link = "link"
    chosen = "chosen"
    leader = "leader"

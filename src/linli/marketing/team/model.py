"""The life of a team, the terms under which one is opened, and the term of its price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from linli.kernel.machine import Machine
from linli.kernel.price import Stage, Term


class TeamState(StrEnum):
    """Where a team stands: it fills up, or it ends complete, shipped at base price, merged, refunded or empty."""

    OPEN = "open"
    COMPLETE = "complete"
    AT_BASE = "at_base"
    MERGED = "merged"
    REFUNDED = "refunded"
    EMPTY = "empty"


_S = TeamState
TEAM = Machine(
    "team",
    _S.OPEN,
    {
        "complete": ((_S.OPEN,), _S.COMPLETE),
        "ship_at_base": ((_S.OPEN,), _S.AT_BASE),
        "merge": ((_S.OPEN,), _S.MERGED),
        "refund": ((_S.OPEN,), _S.REFUNDED),
        "dissolve": ((_S.OPEN,), _S.EMPTY),
    },
    final=(_S.COMPLETE, _S.AT_BASE, _S.MERGED, _S.REFUNDED, _S.EMPTY),
)


class Unit(StrEnum):
    """Who may join a team: the members of the opener's station, or of the whole region."""

    STATION = "station"
    REGION = "region"


class Short(StrEnum):
    """What happens to a team that falls short.

    `ship_at_base`: everybody pays the base price when ordering, with consent, and gets the difference back when the
    team completes. `merge`: into another open team of the station, else refund. `refund`: everything goes back.
    """

    SHIP_AT_BASE = "ship_at_base"
    MERGE = "merge"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamTerm(Term):
    """The team price of one offer in fen; `afterwards` when the difference comes back once the team is complete."""

    kind: ClassVar[str] = "team"
    stage: ClassVar[Stage] = Stage.UNIT
    offer_id: int
    price_fen: int
    afterwards: bool = False


class Choice(NamedTuple):
    """What an orderer chose: to join a team (0: to open one), and whether shipping at base price is all right."""

    join: int = 0
    consent: bool = False


class Seat(NamedTuple):
    """One order's place in a team; `back_fen` is what the member gets back when the team completes."""

    order_id: int
    team_id: int
    member_id: int
    quantity: int
    back_fen: int
    taken_at: datetime
    paid_at: datetime | None


class Group(NamedTuple):
    """What merging asks of a team: how many of its seats are taken, of how many, by which members."""

    team_id: int
    size: int
    taken: int
    members: frozenset[int]


class TermsValue(NamedTuple):
    """The team terms of an offer: fen a piece, how many members, how many hours, who may join, what when short."""

    offer_id: int
    cycle_id: int
    price_fen: int
    size: int
    hours: int
    unit: str
    short: str


class TeamValue(NamedTuple):
    """A team with the terms that it was opened under."""

    id: int
    offer_id: int
    cycle_id: int
    station_id: int
    unit: str
    price_fen: int
    size: int
    short: str
    state: str
    opened_at: datetime
    deadline: datetime
    leading_id: int
    seats_taken: int
    into_id: int | None

    @property
    def place(self) -> int:
        """Return whose members may join: a station, or 0 for the whole region."""
        return self.station_id if self.unit == Unit.STATION else 0


class Ended(NamedTuple):
    """What the end of teams means for their orders: which ship, and which are cancelled and refunded."""

    ship: tuple[int, ...] = ()
    refund: tuple[int, ...] = ()

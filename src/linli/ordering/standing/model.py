"""The life of a standing order, what became of it in a cycle, and what others see of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class StandingState(StrEnum):
    """Whether a standing order is ordered from."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


_S = StandingState
STANDING = Machine(
    "standing",
    _S.ACTIVE,
    {
        "pause": ((_S.ACTIVE,), _S.PAUSED),
        "resume": ((_S.PAUSED,), _S.ACTIVE),
        "end": ((_S.ACTIVE, _S.PAUSED), _S.ENDED),
    },
    final=(_S.ENDED,),
)


class Outcome(StrEnum):
    """What became of a standing order in a cycle; `claimed` while it is being decided."""

    CLAIMED = "claimed"
    PLACED = "placed"
    SOLD_OUT = "sold_out"
    TOO_DEAR = "too_dear"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted every week: pieces on ISO weekdays (1 Monday … 7), at most `ceiling_fen` a piece, until a day."""

    quantity: int
    weekdays: tuple[int, ...]
    ceiling_fen: int
    until: date | None = None


@dataclass(frozen=True, slots=True)
class StandingValue:
    """A standing order as its member and operators see it; `skips` are Mondays of weeks left out."""

    id: int
    member_id: int
    station_id: int
    sku_id: int
    name: str
    spec: str
    unit: str
    quantity: int
    weekdays: tuple[int, ...]
    ceiling_fen: int
    until: date | None
    state: StandingState
    made_at: datetime
    skips: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class RunValue:
    """What became of a standing order in one cycle; `reason` is the code of the refusal."""

    cycle_id: int
    delivery_date: date
    outcome: Outcome
    order_id: int | None
    reason: str
    at: datetime

"""The life of a pasted entry on its way to an order, and what was understood of its goods."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from linli.kernel.machine import Machine


class EntryState(StrEnum):
    """Where a pasted entry stands; withdrawn is one that was ordered and that the chat took back since."""

    WAITING = "waiting"
    ORDERED = "ordered"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    DROPPED = "dropped"


_S = EntryState
PASTED = Machine(
    "pasted_entry",
    EntryState.WAITING,
    {
        "order": ((_S.WAITING,), _S.ORDERED),
        "drop": ((_S.WAITING,), _S.DROPPED),
        "restore": ((_S.DROPPED,), _S.WAITING),
        "withdraw": ((_S.ORDERED,), _S.WITHDRAWN),
        "keep": ((_S.WITHDRAWN,), _S.ORDERED),
        "cancel": ((_S.WITHDRAWN,), _S.CANCELLED),
    },
    final=(EntryState.CANCELLED,),
)


class Action(StrEnum):
    """What a person decides about an entry."""

    ORDER = "order"
    DROP = "drop"
    CANCEL = "cancel"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Goods:
    """An offer of the cycle as names are matched against it."""

    offer_id: int
    name: str
    spec: str
    unit: str


@dataclass(frozen=True, slots=True)
class Match:
    """What an item was understood as: an offer, or none with the offers it might mean and why it is unclear."""

    offer_id: int | None
    quantity: int | None
    candidates: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on one entry; lines replace what was understood; who and place correct the name."""

    entry_id: int
    action: Action
    who: str | None = None
    place: str | None = None
    lines: tuple[tuple[int, int], ...] | None = None
    payer: str = ""
    note: str = ""

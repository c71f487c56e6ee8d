"""The life of a petition, and what screens show of one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from linli.kernel.machine import Machine


class PetitionState(StrEnum):
    """Open for +1, answered with an offer, or declined."""

    OPEN = "open"
    ANSWERED = "answered"
    DECLINED = "declined"


_S = PetitionState
PETITION = Machine(
    "petition",
    _S.OPEN,
    {"answer": ((_S.OPEN,), _S.ANSWERED), "decline": ((_S.OPEN,), _S.DECLINED)},
    final=(_S.ANSWERED, _S.DECLINED),
)


class PetitionValue(NamedTuple):
    """What a community's members ask for, and how many of them."""

    id: int
    community_id: int
    wish: str
    state: str
    supporters: int
    made_at: datetime
    offer_id: int | None
    answer: str

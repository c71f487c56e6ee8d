"""A leader's levels, the life of a leader with the platform, and what other rooms may know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from linli.kernel.machine import Machine


class Level(StrEnum):
    """普通, 金牌, 区域."""

    normal = "normal"
    gold = "gold"
    regional = "regional"


class LeaderState(StrEnum):
    """试用, 在岗, 休息, 停用, 已退出."""

    trial = "trial"
    active = "active"
    resting = "resting"
    suspended = "suspended"
    left = "left"


_S = LeaderState
LEADER: Final = Machine(
    name="leader",
    initial=_S.trial,
    moves={
        "activate": ((_S.trial,), _S.active),
        "rest": ((_S.active,), _S.resting),
        "come_back": ((_S.resting,), _S.active),
        "suspend": ((_S.trial, _S.active, _S.resting), _S.suspended),
        "reinstate": ((_S.suspended,), _S.active),
        "leave": ((_S.trial, _S.active, _S.resting, _S.suspended), _S.left),
    },
    final=(_S.left,),
)
LOCKED_OUT: Final = frozenset({LeaderState.suspended, LeaderState.left})


@dataclass(frozen=True, slots=True)
class LeaderValue:
    """A leader as other rooms know them; of the phone only the last four digits."""

    id: int
    account_id: int
    name: str
    level: str
    state: str
    phone_tail: str

"""Facts about cases before they are decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class CaseOpened(Fact):
    """A member complained about pieces of a line that are worth so many fen."""

    name: ClassVar[str] = "aftersale.case_opened"
    case_id: int
    order_id: int
    line_id: int
    station_id: int
    leader_id: int
    member_id: int
    kind: str
    product: str
    worth_fen: int


@dataclass(frozen=True)
class CaseAnswered(Fact):
    """A leader or customer service gave the first answer."""

    name: ClassVar[str] = "aftersale.case_answered"
    case_id: int
    member_id: int
    answer: str


@dataclass(frozen=True)
class CaseEscalated(Fact):
    """Somebody does not agree: the case goes to a higher desk."""

    name: ClassVar[str] = "aftersale.case_escalated"
    case_id: int
    member_id: int
    product: str
    reason: str

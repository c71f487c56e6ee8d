"""Facts about what became of cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class CaseDecided(Fact):
    """A case was decided: rejected, or so many fen go back; `asks_member` while the member has to agree first."""

    name: ClassVar[str] = "aftersale.case_decided"
    case_id: int
    order_id: int
    line_id: int
    cycle_id: int
    station_id: int
    leader_id: int
    member_id: int
    supplier_id: int
    outcome: str
    liability: str
    refund_fen: int
    reply: str
    asks_member: bool


@dataclass(frozen=True)
class CaseDone(Fact):
    """The money of a case is back with the member."""

    name: ClassVar[str] = "aftersale.case_done"
    case_id: int
    member_id: int
    product: str
    refund_fen: int

"""What a case is about, and its life from opened to followed up, rejected or escalated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class Kind(StrEnum):
    """What was wrong."""

    ROTTEN = "rotten"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    MISSING = "missing"
    WRONG = "wrong"


class Family(StrEnum):
    """Kinds with the same window and the same proof: the goods were bad, or they were not what was ordered."""

    QUALITY = "quality"
    ORDER = "order"


FAMILY_OF = {
    Kind.ROTTEN: Family.QUALITY, Kind.DAMAGED: Family.QUALITY, Kind.EXPIRED: Family.QUALITY,
    Kind.MISSING: Family.ORDER, Kind.WRONG: Family.ORDER,
}  # fmt: skip
KIND_WORDS = {
    Kind.ROTTEN: "腐坏", Kind.DAMAGED: "破损", Kind.EXPIRED: "过期", Kind.MISSING: "少货", Kind.WRONG: "错货",
}  # fmt: skip


class CaseState(StrEnum):
    """Where a case stands; whether it is late is computed from its due instants."""

    OPENED = "opened"
    ANSWERED = "answered"
    VERIFYING = "verifying"
    PROPOSED = "proposed"
    AGREED = "agreed"
    EXECUTING = "executing"
    DONE = "done"
    FOLLOWED_UP = "followed_up"
    REJECTED = "rejected"
    ESCALATED = "escalated"


_S = CaseState
CASE = Machine(
    "case",
    CaseState.OPENED,
    {
        "answer": ((_S.OPENED,), _S.ANSWERED),
        "verify": ((_S.OPENED, _S.ANSWERED, _S.ESCALATED), _S.VERIFYING),
        "propose": ((_S.VERIFYING,), _S.PROPOSED),
        "agree": ((_S.PROPOSED,), _S.AGREED),
        "execute": ((_S.AGREED,), _S.EXECUTING),
        "finish": ((_S.EXECUTING,), _S.DONE),
        "follow_up": ((_S.DONE,), _S.FOLLOWED_UP),
        "reject": ((_S.VERIFYING,), _S.REJECTED),
        "escalate": ((_S.OPENED, _S.ANSWERED, _S.VERIFYING, _S.PROPOSED), _S.ESCALATED),
    },
    final=(_S.FOLLOWED_UP, _S.REJECTED),
)
STATE_WORDS = {
    _S.OPENED: "待答复", _S.ANSWERED: "已答复", _S.VERIFYING: "核实中", _S.PROPOSED: "待您确认", _S.AGREED: "已同意",
    _S.EXECUTING: "退款中", _S.DONE: "已完成", _S.FOLLOWED_UP: "已评价", _S.REJECTED: "未通过",
    _S.ESCALATED: "升级处理中",
}  # fmt: skip
UNDECIDED = (_S.OPENED, _S.ANSWERED, _S.VERIFYING, _S.PROPOSED, _S.ESCALATED)
"""States in which the case holds its claim."""
UNFINISHED = (*UNDECIDED, _S.AGREED, _S.EXECUTING)
REFUNDED = (_S.EXECUTING, _S.DONE, _S.FOLLOWED_UP)
"""States in which the case's refund was ordered."""


class Urgency(StrEnum):
    """How one of a case's clocks stands now."""

    ON_TIME = "on_time"
    WARNING = "warning"
    OVERDUE = "overdue"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class CaseValue:
    """A case as screens and other rooms see it; amounts in fen, `cost_fen` of one piece, times in UTC.

    `worth_fen` is what the claimed pieces were paid with: the most that may go back.
    """

    id: int
    state: CaseState
    kind: Kind
    order_id: int
    line_id: int
    cycle_id: int
    station_id: int
    leader_id: int
    member_id: int
    supplier_id: int
    sku_id: int
    name: str
    spec: str
    unit: str
    cost_fen: int
    pieces: int
    worth_fen: int
    story: str
    opened_at: datetime
    answer_due_at: datetime
    refund_due_at: datetime
    waiting_since: datetime | None
    answer: str
    answered_at: datetime | None
    answered_by: str
    escalation: str
    outcome: str
    liability: str
    reply: str
    refund_pieces: int
    refund_fen: int
    refund_id: int | None
    automatic: bool
    decided_at: datetime | None
    decided_by: str
    finished_at: datetime | None
    rating: int | None
    rating_words: str
    photos: tuple[str, ...]

"""What a refund is and how it lives."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from linli.kernel.machine import Machine


class RefundState(StrEnum):
    """Where a refund stands; `dead` waits for a person, `accepted` for the provider or, offline, for a person."""

    WISHED = "wished"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"
    DEAD = "dead"
    DONE = "done"


_S = RefundState
REFUND: Machine[RefundState] = Machine(
    "refund",
    RefundState.WISHED,
    {
        "send": ((_S.WISHED, _S.FAILED), _S.SENDING),
        "accept": ((_S.SENDING,), _S.ACCEPTED),
        "fail": ((_S.SENDING, _S.ACCEPTED), _S.FAILED),
        "bury": ((_S.WISHED, _S.SENDING, _S.ACCEPTED, _S.FAILED), _S.DEAD),
        "retry": ((_S.DEAD,), _S.WISHED),
        # Word that it is done may overtake every other word.
        "finish": ((_S.WISHED, _S.SENDING, _S.ACCEPTED, _S.FAILED, _S.DEAD), _S.DONE),
    },
    final=(_S.DONE,),
)


@dataclass(frozen=True, slots=True)
class RefundLimits:
    """What a provider allows: how long after the payment, how many refunds of one charge, how far apart."""

    span: timedelta | None
    most: int | None
    gap: timedelta


@dataclass(frozen=True, slots=True)
class RefundValue:
    """A refund as other rooms see it, amounts in fen."""

    id: int
    state: RefundState
    charge_id: int
    order_id: int
    amount_fen: int
    channel: str
    reason: str
    ref_kind: str
    ref_id: int
    made_at: datetime
    done_at: datetime | None
    tries: int
    trouble: str

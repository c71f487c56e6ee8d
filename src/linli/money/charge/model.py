"""What a charge is, how it and its attempts live, and what is known about each payment channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class ChargeState(StrEnum):
    """Where a charge stands."""

    OPENING = "opening"
    PAYABLE = "payable"
    PAID = "paid"
    CLOSED = "closed"


CHARGE: Machine[ChargeState] = Machine(
    "charge",
    ChargeState.OPENING,
    {
        "offer": ((ChargeState.OPENING,), ChargeState.PAYABLE),
        "reopen": ((ChargeState.PAYABLE,), ChargeState.OPENING),
        "close": ((ChargeState.OPENING, ChargeState.PAYABLE), ChargeState.CLOSED),
        # Money that comes after the close is still money: it is taken, marked late, and refunded.
        "pay": ((ChargeState.OPENING, ChargeState.PAYABLE, ChargeState.CLOSED), ChargeState.PAID),
    },
    final=(ChargeState.PAID,),
)


class AttemptState(StrEnum):
    """Where one channel number of a charge stands."""

    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    PAID = "paid"


ATTEMPT: Machine[AttemptState] = Machine(
    "charge_attempt",
    AttemptState.OPENING,
    {
        "open": ((AttemptState.OPENING,), AttemptState.OPEN),
        "begin_close": ((AttemptState.OPENING, AttemptState.OPEN), AttemptState.CLOSING),
        "close": ((AttemptState.OPENING, AttemptState.OPEN, AttemptState.CLOSING), AttemptState.CLOSED),
        "pay": (
            (AttemptState.OPENING, AttemptState.OPEN, AttemptState.CLOSING, AttemptState.CLOSED),
            AttemptState.PAID,
        ),
    },
    final=(AttemptState.PAID,),
)


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is known about a channel: whether a person confirms both ways."""

    by_person: bool = False


CHANNELS: dict[str, ChannelFacts] = {
    "sandbox": ChannelFacts(),
    "wechat": ChannelFacts(),
    "alipay": ChannelFacts(),
    "offline": ChannelFacts(by_person=True),
}


@dataclass(frozen=True, slots=True)
class ChargeValue:
    """A charge as other rooms see it; `orders` gives each order's share in fen."""

    id: int
    state: ChargeState
    channel: str
    member_id: int
    amount_fen: int
    paid_fen: int
    refunded_fen: int
    orders: Mapping[int, int]
    description: str
    expires_at: datetime
    paid_at: datetime | None
    late: bool
    pay_url: str | None
    attempt_id: int
    pay_params: Mapping[str, str] | None = None

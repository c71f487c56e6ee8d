"""Facts and wishes of charges."""

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact, Wish


@dataclass(frozen=True)
class ChargePaid(Fact):
    """A charge was paid in full; `orders` gives shares in fen by order id as text; late = it was closed before."""

    name: ClassVar[str] = "money.charge_paid"
    charge_id: int
    orders: dict[str, int]
    member_id: int
    channel: str
    paid_at: str
    late: bool


@dataclass(frozen=True)
class ChargeClosed(Fact):
    """A charge will not be paid any more."""

    name: ClassVar[str] = "money.charge_closed"
    charge_id: int
    orders: dict[str, int]
    reason: str


@dataclass(frozen=True)
class OpenCharge(Wish):
    """Open an attempt at its channel."""

    name: ClassVar[str] = "money.open_charge"
    attempt_id: int


@dataclass(frozen=True)
class CloseCharge(Wish):
    """Close an attempt at its channel, so that it cannot be paid any more."""

    name: ClassVar[str] = "money.close_charge"
    patience: ClassVar[int] = 40
    attempt_id: int


@dataclass(frozen=True)
class AskCharge(Wish):
    """Ask the channel how an attempt stands, as no notice came."""

    name: ClassVar[str] = "money.ask_charge"
    patience: ClassVar[int] = 3
    attempt_id: int

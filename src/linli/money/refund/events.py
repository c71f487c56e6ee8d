"""Facts and wishes of refunds."""

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact, Wish


@dataclass(frozen=True)
class RefundDone(Fact):
    """Money went back; `channel` is the way it went."""

    name: ClassVar[str] = "money.refund_done"
    refund_id: int
    charge_id: int
    order_id: int
    amount_fen: int
    channel: str


@dataclass(frozen=True)
class RefundStuck(Fact):
    """A refund was given up by the machine and waits for a person."""

    name: ClassVar[str] = "money.refund_stuck"
    refund_id: int
    charge_id: int
    order_id: int
    amount_fen: int
    channel: str
    trouble: str


@dataclass(frozen=True)
class SendRefund(Wish):
    """Ask the channel to give money back."""

    name: ClassVar[str] = "money.send_refund"
    refund_id: int


@dataclass(frozen=True)
class AskRefund(Wish):
    """Ask the channel how an accepted refund stands."""

    name: ClassVar[str] = "money.ask_refund"
    patience: ClassVar[int] = 3
    refund_id: int

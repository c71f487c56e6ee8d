"""The small interface behind which every payment provider stands, whatever protocol it speaks.

Amounts are fen, times are aware UTC. A channel translates and decides nothing: whether an amount is the expected one,
and whether a notice was seen before, is judged by whoever asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from linli.kernel.refusals import Conflict, NotSignedIn, UpstreamTrouble


class ChargeState(StrEnum):
    """What the provider says about one channel number."""

    UNPAID = "unpaid"
    PAID = "paid"
    CLOSED = "closed"


class RefundState(StrEnum):
    """How far a refund is; `failed` is final for its number, another attempt needs a new one."""

    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"


class NoticeKind(StrEnum):
    """What a notice tells."""

    PAID = "paid"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"


class Forgery(StrEnum):
    """Why a notice is not believed."""

    SIGNATURE = "signature"
    SERIAL = "serial"
    STALE = "stale"
    MALFORMED = "malformed"
    MERCHANT = "merchant"
    CURRENCY = "currency"
    UNEXPECTED = "unexpected"


class ForgedNotice(NotSignedIn):
    """The message did not come from the provider, not now, or not to us."""

    def __init__(self, reason: Forgery, detail: str = "") -> None:
        super().__init__(detail or f"notice refused: {reason}", reason=reason.value)
        self.reason = reason


class ChannelTrouble(UpstreamTrouble):
    """Nobody knows whether the provider did it: ask again later, with the same number."""


class ChannelRefused(Conflict):
    """The provider said a definite no, and did nothing."""

    def __init__(self, provider_code: str, detail: str = "") -> None:
        super().__init__(detail or f"the payment provider refused: {provider_code}", provider_code=provider_code)
        self.provider_code = provider_code


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """The wish to be paid `amount_fen` under our `channel_no` until `expires_at`."""

    channel_no: str
    amount_fen: int
    description: str
    expires_at: datetime
    notify_url: str


@dataclass(frozen=True, slots=True)
class ChargeOpened:
    """What the payer's phone needs in order to pay."""

    channel_no: str
    pay_token: str
    pay_url: str


@dataclass(frozen=True, slots=True)
class ChargeAnswer:
    """The provider's word on a charge; `amount_fen` is what was really paid once it is paid."""

    channel_no: str
    state: ChargeState
    amount_fen: int
    provider_no: str | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """The wish to give back `amount_fen` of a charge on which `total_fen` was paid."""

    refund_no: str
    channel_no: str
    amount_fen: int
    total_fen: int
    reason: str
    notify_url: str


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """The provider's word on a refund."""

    refund_no: str
    state: RefundState
    amount_fen: int
    provider_no: str | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified message of the provider; the same `notice_id` may come any number of times."""

    kind: NoticeKind
    notice_id: str
    channel_no: str
    refund_no: str | None
    amount_fen: int
    currency: str
    merchant: str
    provider_no: str
    happened_at: datetime


class Channel(Protocol):
    """One way of being paid and of paying back; every call may be repeated with the same number."""

    @property
    def name(self) -> str:
        """The channel's short name, stored beside each of its numbers."""
        ...

    async def open_charge(self, wish: ChargeRequest) -> ChargeOpened:
        """Open a charge; repeating it with the same number and amount gives the same token."""
        ...

    async def query_charge(self, channel_no: str) -> ChargeAnswer:
        """Ask how a charge stands; refuses an unknown number with `charge_unknown`."""
        ...

    async def close_charge(self, channel_no: str) -> None:
        """Make a charge unpayable; quiet if it is closed, refuses with `charge_paid` if the money came first."""
        ...

    async def refund(self, wish: RefundRequest) -> RefundAnswer:
        """Ask for money to go back; repeating it with the same number never pays back twice."""
        ...

    async def query_refund(self, refund_no: str) -> RefundAnswer:
        """Ask how a refund stands; refuses an unknown number with `refund_unknown`."""
        ...

    def verify_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Turn the raw bytes of a message into a believed notice, or raise `ForgedNotice`."""
        ...

"""The small interface behind which every payment provider stands, whatever protocol it speaks.

Amounts are fen, times are aware UTC. A channel translates and decides nothing: whether an amount is the expected one,
and whether a notice was seen before, is judged by whoever asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from linli.kernel.refusals import Conflict, NotSignedIn, UpstreamTrouble


class ChargeState(StrEnum):
    """What the provider says about one channel number."""

    UNPAID = "unpaid"
    PAID = "paid"
    CLOSED = "closed"


class RefundState(StrEnum):
    """How far a refund is; `failed` is final for its number and another attempt needs a new one, `stuck` waits for a
    person at the provider and a new number could pay twice."""

    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"
    STUCK = "stuck"


class NoticeKind(StrEnum):
    """What a notice tells; `seen` asks for nothing but to be kept."""

    PAID = "paid"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    REFUND_STUCK = "refund_stuck"
    SEEN = "seen"


class Scene(StrEnum):
    """Where the payer stands: in the mini program, in a page inside the provider's app, in a browser, at a screen."""

    MINI = "mini"
    JSAPI = "jsapi"
    H5 = "h5"
    NATIVE = "native"
    PAGE = "page"
    APP = "app"


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
    """The wish to be paid `amount_fen` under our `channel_no` until `expires_at`.

    `payer` is who pays as the provider knows them: an openid for `mini` and `jsapi`, an IP address for `h5`.
    """

    channel_no: str
    amount_fen: int
    description: str
    expires_at: datetime
    notify_url: str
    scene: str = ""
    payer: str = ""


@dataclass(frozen=True, slots=True)
class ChargeOpened:
    """What the payer's phone needs in order to pay: a page to open, or signed words for the provider's own app."""

    channel_no: str
    pay_token: str
    pay_url: str
    pay_params: Mapping[str, str] = field(default_factory=dict, compare=False)


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

    @property
    def heard(self) -> bytes:
        """What the provider wants to read when its notice was kept."""
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

    async def query_refund(self, refund_no: str, channel_no: str = "") -> RefundAnswer:
        """Ask how a refund of a charge stands; refuses an unknown number with `refund_unknown`."""
        ...

    def verify_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Turn the raw bytes of a message into a believed notice, or raise `ForgedNotice`."""
        ...


class BillBroken(ValueError):
    """What came is no bill, or a part of one."""


class LineKind(StrEnum):
    """What a line of a bill is about."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a provider's bill: our number, what moved, and the provider's fee (below zero: given back), in fen.

    `of` is the channel number of the payment that it belongs to.
    """

    kind: LineKind
    number: str
    provider_no: str
    amount_fen: int
    fee_fen: int
    state: str
    happened_at: datetime
    of: str


class BillSource(Protocol):
    """A channel whose provider writes a bill of every day."""

    async def bill(self, day: date) -> bytes:
        """Fetch the bill of a day (in the provider's time zone) as the provider packs it; refuses `bill_not_ready`."""
        ...


class TransferState(StrEnum):
    """How far money to a person is; `waiting` needs the payee's word, `failed` and `cancelled` moved nothing."""

    WAITING = "waiting"
    UNDERWAY = "underway"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """The wish to pay `amount_fen` out to a payee under our `transfer_no`; `name` is required for larger amounts."""

    transfer_no: str
    payee: str
    amount_fen: int
    remark: str
    notify_url: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class TransferAnswer:
    """The provider's word on a transfer; `confirm_with` lets the payee's phone confirm, once, within a day."""

    transfer_no: str
    state: TransferState
    amount_fen: int
    provider_no: str = ""
    confirm_with: str = field(default="", compare=False)


class Transfers(Protocol):
    """A channel that pays out to persons; an unclear answer is asked again under the same number, never a new one."""

    async def transfer(self, wish: TransferRequest) -> TransferAnswer:
        """Begin to pay out; repeating it with the same number and amount never pays twice."""
        ...

    async def query_transfer(self, transfer_no: str) -> TransferAnswer:
        """Ask how a transfer stands; refuses an unknown number with `transfer_unknown`."""
        ...

    async def cancel_transfer(self, transfer_no: str) -> None:
        """Take back a transfer that its payee has not confirmed; refuses `transfer_final` for others."""
        ...


@dataclass(frozen=True, slots=True)
class ShippingRequest:
    """The word that what was paid under `provider_no` was handed over for the payer to collect."""

    provider_no: str
    payer: str
    what: str
    handed_over_at: datetime


class ShopMoney(Protocol):
    """A channel that keeps a shop's money frozen until it is told of the hand-over."""

    async def upload_shipping(self, wish: ShippingRequest) -> None:
        """Tell of a hand-over; quiet when it was told before; ChannelTrouble for anything to be tried again."""
        ...

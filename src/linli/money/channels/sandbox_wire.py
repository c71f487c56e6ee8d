"""The shapes of the sandbox protocol as they travel, shared by our side and the provider's."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

CURRENCY = "CNY"
PREFIX = "/sandbox/v1"

Number = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
Amount = Annotated[int, Meta(ge=1, le=10**13)]
Instant = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=200)]
Address = Annotated[str, Meta(pattern=r"\Ahttps?://", max_length=500)]
Event = Literal["paid", "refunded", "refund_failed"]
ChargeWord = Literal["unpaid", "paid", "closed"]
RefundWord = Literal["accepted", "done", "failed"]


class OpenCharge(Struct, frozen=True, forbid_unknown_fields=True):
    """Merchant → provider: open a charge."""

    merchant: str
    channel_no: Number
    amount_fen: Amount
    currency: str
    description: Words
    expires_at: Instant
    notify_url: Address


class AskRefund(Struct, frozen=True, forbid_unknown_fields=True):
    """Merchant → provider: give money back."""

    merchant: str
    refund_no: Number
    channel_no: Number
    amount_fen: Amount
    total_fen: Amount
    currency: str
    reason: Words
    notify_url: Address


class ChargeTold(Struct, frozen=True):
    """Provider → merchant: how a charge stands."""

    merchant: str
    channel_no: str
    state: ChargeWord
    amount_fen: int
    currency: str
    pay_token: str
    pay_url: str
    provider_no: Number | None = None
    paid_at: Instant | None = None


class RefundTold(Struct, frozen=True):
    """Provider → merchant: how a refund stands."""

    merchant: str
    refund_no: str
    channel_no: str
    state: RefundWord
    amount_fen: int
    currency: str
    provider_no: Number
    done_at: Instant | None = None


class SaidNo(Struct, frozen=True):
    """Provider → merchant: a refusal with its code."""

    code: str
    message: str = ""


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """Provider → notify address: a sealed notice; everything readable here is bound to the seal."""

    id: Number
    merchant: str
    event: Event
    seal_nonce: str
    sealed: str

    def binding(self) -> bytes:
        """The outer words that the seal vouches for."""
        return "\n".join((self.id, self.merchant, self.event)).encode()


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """What is inside a sealed notice."""

    merchant: str
    currency: str
    channel_no: Number
    amount_fen: Amount
    provider_no: Number
    happened_at: Instant
    refund_no: Number | None = None

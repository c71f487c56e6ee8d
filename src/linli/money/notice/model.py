"""What providers and persons say about our numbers, and the verdicts on it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Word(StrEnum):
    """What an answer says about a channel number."""

    PAID = "paid"
    CLOSED = "closed"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    REFUND_STUCK = "refund_stuck"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider or a person said, whichever way it came: by notice, poll, bill or confirmation (`source`).

    `number` is ours: the channel number of an attempt, or the refund number for the words about refunds.
    """

    word: Word
    channel: str
    number: str
    amount_fen: int
    provider_no: str
    happened_at: datetime
    source: str
    currency: str = "CNY"


class Verdict(StrEnum):
    """What became of an answer."""

    TAKEN = "taken"
    LATE = "late"
    REPEATED = "repeated"
    NOTED = "noted"
    UNKNOWN_NUMBER = "unknown_number"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_MERCHANT = "wrong_merchant"
    WRONG_CHANNEL = "wrong_channel"
    CONTRADICTION = "contradiction"


GOOD = frozenset({Verdict.TAKEN, Verdict.LATE, Verdict.REPEATED, Verdict.NOTED})
QUARANTINED: tuple[Verdict, ...] = tuple(verdict for verdict in Verdict if verdict not in GOOD)


@dataclass(frozen=True, slots=True)
class RawNotice:
    """A provider's message as it came, kept before anybody acts on it."""

    channel: str
    notice_id: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    """A believed message on its way to be kept; the verdict is there when it asks for nothing."""

    raw: RawNotice
    told: Answer | None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A kept message: its row, its verdict if one was given, and how many were kept together with it."""

    id: int
    verdict: Verdict | None
    together: int

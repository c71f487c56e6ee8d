"""The money room: the ledger, what members pay, what goes back, what is paid out, and whether it all agrees."""

from linli.money.channels.offline import OfflineChannel
from linli.money.channels.sandbox import SandboxChannel
from linli.money.channels.sandbox_provider import SandboxProvider, build_sandbox, over_http
from linli.money.channels.signing import SandboxKeys
from linli.money.charge.commands import close_charge, confirm_offline, open_charge, retry_charge, the_charge
from linli.money.charge.events import ChargeClosed, ChargePaid
from linli.money.charge.model import ChargeState, ChargeValue
from linli.money.charge.queries import charge, charges_of_order
from linli.money.intake.commands import poll_unanswered, record_answer
from linli.money.ledger.commands import post, post_batches, record, reverse
from linli.money.ledger.model import (
    AccountKind,
    AccountRef,
    Difference,
    Entry,
    EntryKind,
    Posting,
)
from linli.money.ledger.queries import balance, check, register_agreement, trial_balance
from linli.money.notice.model import Answer, Word
from linli.money.refund.commands import refund
from linli.money.refund.events import RefundDone, RefundStuck
from linli.money.refund.model import RefundValue
from linli.money.refund.queries import refunds_of_order

__all__ = [
    "AccountKind",
    "AccountRef",
    "Answer",
    "ChargeClosed",
    "ChargePaid",
    "ChargeState",
    "ChargeValue",
    "Difference",
    "Entry",
    "EntryKind",
    "OfflineChannel",
    "Posting",
    "RefundDone",
    "RefundStuck",
    "RefundValue",
    "SandboxChannel",
    "SandboxKeys",
    "SandboxProvider",
    "Word",
    "balance",
    "build_sandbox",
    "charge",
    "charges_of_order",
    "check",
    "close_charge",
    "confirm_offline",
    "open_charge",
    "over_http",
    "poll_unanswered",
    "post",
    "post_batches",
    "record",
    "record_answer",
    "refund",
    "refunds_of_order",
    "register_agreement",
    "retry_charge",
    "reverse",
    "the_charge",
    "trial_balance",
]

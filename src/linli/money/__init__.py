"""The money room: the ledger, what members pay, what goes back, what is paid out, and whether it all agrees."""

from linli.money.channels.offline import OfflineChannel
from linli.money.channels.sandbox import SandboxChannel
from linli.money.channels.sandbox_provider import SandboxProvider, build_sandbox, over_http
from linli.money.channels.setup import ChannelSetup
from linli.money.channels.signing import SandboxKeys
from linli.money.charge.commands import close_charge, confirm_offline, open_charge, retry_charge, the_charge
from linli.money.charge.events import ChargeClosed, ChargePaid
from linli.money.charge.model import ChargeState, ChargeValue
from linli.money.charge.queries import charge
from linli.money.intake.commands import poll_unanswered, record_answer
from linli.money.ledger.commands import post, post_batches, record, reverse
from linli.money.ledger.model import AccountKind, Difference, Entry, EntryKind
from linli.money.ledger.queries import balance, check, register_agreement, trial_balance
from linli.money.notice.model import Answer, Word
from linli.money.reconciliation.commands import compare_bills, want_bills
from linli.money.refund.commands import refund
from linli.money.refund.events import RefundDone, RefundStuck
from linli.money.refund.queries import refunds_of_order
from linli.money.shipping.commands import goods_handed_over

__all__ = [
    "AccountKind",
    "Answer",
    "ChannelSetup",
    "ChargeClosed",
    "ChargePaid",
    "ChargeState",
    "ChargeValue",
    "Difference",
    "Entry",
    "EntryKind",
    "OfflineChannel",
    "RefundDone",
    "RefundStuck",
    "SandboxChannel",
    "SandboxKeys",
    "SandboxProvider",
    "Word",
    "balance",
    "build_sandbox",
    "charge",
    "check",
    "close_charge",
    "compare_bills",
    "confirm_offline",
    "goods_handed_over",
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
    "want_bills",
]

"""Pure decisions about refunds: numbers, waiting times, and which refusals of a provider are final."""

from datetime import timedelta

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)
MOST_TRIES = 24
"""Tries before a person is asked: with the waits between them, more than three days."""

FINAL_NOS = frozenset(
    {
        "charge_unknown", "charge_not_paid", "total_mismatch", "refund_exceeds_paid", "refund_too_late",
        "too_many_refunds", "number_reused", "merchant_unknown", "currency_unknown", "invalid_request", "param_error",
        "payer_abnormal", "no_auth",
    }
)  # fmt: skip


def refund_number(refund_id: int, round_: int) -> str:
    """Return a refund's number at the provider; it changes only when the earlier one has failed there for good."""
    return str(refund_id) if round_ == 1 else f"{refund_id}-{round_}"


def round_of(number: str) -> int:
    """Return the round inside a refund number; 0 for one we did not make."""
    _, dash, round_ = number.partition("-")
    if not dash:
        return 1
    return int(round_) if round_.isascii() and round_.isdigit() and len(round_) < 5 else 0


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after the given number of tries: 30 seconds, doubling to 6 hours."""
    doubled: timedelta = FIRST_WAIT * 2 ** min(tries - 1, 20)
    return min(doubled, LONGEST_WAIT)

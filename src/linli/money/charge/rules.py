"""Pure decisions about charges: what may be opened, when to ask again, and what an answer means."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from linli.kernel.money import MAX_FEN
from linli.money.charge.model import AttemptState, ChargeState

PaymentJudgement = Literal["taken", "late", "repeated", "contradiction"]
FIRST_POLL, LONGEST_POLL = timedelta(minutes=1), timedelta(hours=1)


def shares_fit(amount_fen: int, orders: Mapping[int, int]) -> bool:
    """Tell whether the orders' shares are positive and sum to the amount."""
    return (
        0 < amount_fen <= MAX_FEN
        and bool(orders)
        and all(fen > 0 for fen in orders.values())
        and sum(orders.values()) == amount_fen
    )


def poll_after(polls: int) -> timedelta:
    """Return how long to wait before asking again after `polls` questions: a minute, doubling to an hour."""
    doubled: timedelta = FIRST_POLL * 2 ** min(polls, 10)
    return min(doubled, LONGEST_POLL)


def judge_payment(attempt: AttemptState, charge: ChargeState) -> PaymentJudgement:
    """Say what a fitting word of payment for an attempt means, as things stand with it and its charge."""
    if attempt is AttemptState.PAID:
        return "repeated"
    if charge is ChargeState.PAID:
        return "contradiction"  # paid under another number before: a person must look at it
    return "late" if charge is ChargeState.CLOSED else "taken"

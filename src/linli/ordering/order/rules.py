"""Pure decisions about orders: whether a payment counts, until when one may cancel, and what a refund comes to."""

from __future__ import annotations

from datetime import datetime

from linli.kernel.money import cumulative_portion, portion
from linli.ordering.order.model import OrderState

BEFORE_CONFIRMED = (OrderState.PLACED, OrderState.PAID, OrderState.TEAMING)


def payment_counts(
    state: OrderState, *, paid_at: datetime, grace_until: datetime, late: bool, still_buying: bool
) -> bool:
    """Tell whether a payment makes its order paid; otherwise all of it goes back."""
    return state is OrderState.PLACED and not late and paid_at <= grace_until and still_buying


def may_cancel(state: OrderState, *, now: datetime, cut_off_at: datetime) -> bool:
    """Tell whether the person who ordered may still cancel: before cut-off, and not once the team is whole."""
    return state in BEFORE_CONFIRMED and now < cut_off_at


def left_to_refund(paid_fen: int, refunded_fen: int) -> int:
    """Return what can still go back of a line, in fen."""
    return paid_fen - refunded_fen


def refund_for_pieces(paid_fen: int, refunded_fen: int, quantity: int, refunded_before: int, pieces: int) -> int:
    """Return the fen of the next pieces of a line, never more than is left; ValueError beyond its pieces.

    Taken in any steps the pieces of a line give back exactly what it was paid.
    """
    due = cumulative_portion(paid_fen, refunded_before, pieces, quantity)
    return min(due, left_to_refund(paid_fen, refunded_fen))


def recognised(paid_fen: int, refunded_fen: int, quantity: int, collected: int, short: int) -> int:
    """Return how much of a line is earned once `collected` pieces are in the member's hands, in fen."""
    keeps = paid_fen - refunded_fen
    if collected + short >= quantity:
        return keeps if collected else 0
    return min(portion(paid_fen, collected, quantity), keeps)


def draw_code(chance: int) -> str:
    """Return the pickup code of six digits that a chance number stands for."""
    return f"{chance % 1_000_000:06d}"

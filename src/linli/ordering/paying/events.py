"""Facts about payments of orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class PaymentReturned(Fact):
    """A payment did not count (too late, cancelled, paid before) and all of it, in fen, goes back."""

    name: ClassVar[str] = "ordering.payment_returned"
    order_id: int
    charge_id: int
    member_id: int
    amount_fen: int
    reason: str

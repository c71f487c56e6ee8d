"""What a coupon is: its forms, its life, its conditions, and the term it becomes in a price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from linli.kernel.machine import Machine
from linli.kernel.price import Stage, Term


class Form(StrEnum):
    """What a coupon gives: an amount off, a percentage off, a piece of goods (兑换券)."""

    AMOUNT = "amount"
    PERCENT = "percent"
    EXCHANGE = "exchange"


class Source(StrEnum):
    """How a member came to a coupon."""

    CLAIMED = "claimed"
    GIVEN = "given"
    COMPENSATION = "compensation"
    INVITE = "invite"
    NEWCOMER = "newcomer"


class CouponState(StrEnum):
    """Where a coupon stands; that it has expired is told by its time."""

    CLAIMED = "claimed"
    LOCKED = "locked"
    SPENT = "spent"


_S = CouponState
COUPON = Machine(
    "coupon",
    CouponState.CLAIMED,
    {
        "lock": ((_S.CLAIMED,), _S.LOCKED),
        "spend": ((_S.LOCKED,), _S.SPENT),
        "give_back": ((_S.LOCKED, _S.SPENT), _S.CLAIMED),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTerm(Term):
    """A coupon in force for a basket; fen, basis points; empty conditions hold for everything.

    `off_fen` is the amount, or the most of a percentage or an exchanged piece (0: no limit); the threshold counts what
    the covered goods come to when the coupon's turn is.
    """

    kind: ClassVar[str] = "coupon"
    stage: ClassVar[Stage] = Stage.COUPON
    form: str
    off_fen: int = 0
    off_bp: int = 0
    threshold_fen: int = 0
    category_ids: tuple[int, ...] = ()
    offer_ids: tuple[int, ...] = ()
    segment: str = ""
    first_order: bool = False
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class CouponValue:
    """A member's coupon with what its template says; fen, basis points, UTC."""

    id: int
    template_id: int
    member_id: int
    state: str
    source: str
    claimed_at: datetime
    valid_from: datetime
    valid_until: datetime
    order_id: int | None
    taken_fen: int
    title: str
    form: str
    off_fen: int
    off_bp: int
    threshold_fen: int
    category_ids: list[int]
    offer_ids: list[int]
    segment: str
    first_order: bool
    budget_fen: int | None
    budget_taken_fen: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a coupon would save on a basket in fen, or why it does not count."""

    coupon: CouponValue
    saves_fen: int
    why: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a template's coupons: counts, and the fen that spent ones took off paid orders."""

    claimed: int = 0
    locked: int = 0
    spent: int = 0
    spent_fen: int = 0
    members: int = 0


def _default(key: str, title: str, threshold_fen: int, off_fen: int, days: int, **more: Any) -> dict[str, Any]:
    return {
        "key": key, "title": title, "form": Form.AMOUNT, "threshold_fen": threshold_fen, "off_fen": off_fen,
        "valid_days": days, **more,
    }  # fmt: skip


DEFAULTS = (
    _default("everyday", "满50减5", 5_000, 500, 7, claimable=True),
    _default("active", "满100减12", 10_000, 1_200, 7),
    _default("return", "满30减8", 3_000, 800, 7),
    _default("compensation", "满20减3", 2_000, 300, 30),
    _default("newcomer", "首单立减5元", 500, 500, 30, first_order=True),
    _default("invite", "邀请有礼 满30减5", 3_000, 500, 30),
)
"""The named templates that an operator makes in one call; money of theirs has no budget until one is set."""

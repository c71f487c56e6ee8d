"""What a coupon takes off, when it does not count, and how an order names the coupons it uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from linli.kernel.ids import MAX_ID
from linli.kernel.money import share_bp
from linli.kernel.price import Basket, Outcome, rule, spread
from linli.kernel.refusals import BadInput
from linli.marketing.coupon.model import CouponTerm, CouponValue, Form

MOST_AT_ONCE = 10


class CouponUnclear(BadInput):
    """An order names its coupons by a list of different ids, ten at most."""

    title = "优惠券填写不正确"


class TemplateContradicts(BadInput):
    """A template contradicts itself; facts: reason."""

    title = "优惠券设置矛盾"


@rule(CouponTerm)
def take_off(term: CouponTerm, basket: Basket, left: Sequence[int]) -> Outcome:
    """Take the coupon off what it covers in proportion, never more than that comes to."""
    why = _withheld(term, basket)
    if why:
        return Outcome(refused=why)
    among = _covered(term, basket)
    base = sum(left) if among is None else sum(fen for fen, meant in zip(left, among, strict=True) if meant)
    if base <= 0:
        return Outcome(refused="nothing_covered")
    if base < term.threshold_fen:
        return Outcome(refused=f"missing_fen:{term.threshold_fen - base}")
    if term.form == Form.EXCHANGE:
        return _one_piece(term, basket, left, among)
    amount = term.off_fen
    if term.form == Form.PERCENT:
        share = share_bp(base, term.off_bp)
        amount = min(share, term.off_fen) if term.off_fen else share
    return spread(amount, left, among)


def _withheld(term: CouponTerm, basket: Basket) -> str:
    if basket.at < term.valid_from:
        return "not_yet_valid"
    if basket.at >= term.valid_until:
        return "expired"
    if term.first_order and basket.buyer.orders_paid:
        return "not_first_order"
    if term.segment and basket.buyer.segment != term.segment:
        return "other_segment"
    return ""


def _covered(term: CouponTerm, basket: Basket) -> list[bool] | None:
    """Tell which items the coupon is for; None for all of them."""
    if not term.category_ids and not term.offer_ids:
        return None
    return [item.category_id in term.category_ids or item.offer_id in term.offer_ids for item in basket.items]


def _one_piece(term: CouponTerm, basket: Basket, left: Sequence[int], among: Sequence[bool] | None) -> Outcome:
    """Give the dearest piece that the limit allows; of equally dear ones the first."""
    parts = [0] * len(left)
    pieces = [fen // item.quantity for fen, item in zip(left, basket.items, strict=True)]
    meant = [
        at for at, fen in enumerate(pieces)
        if fen and (among is None or among[at]) and (not term.off_fen or fen <= term.off_fen)
    ]  # fmt: skip
    if not meant:
        return Outcome(refused="nothing_covered")
    best = max(meant, key=lambda at: (pieces[at], -at))
    parts[best] = pieces[best]
    return Outcome(parts)


def term_of(coupon: CouponValue) -> CouponTerm:
    """Return the term that a member's coupon becomes in a price; it was asked for by name."""
    return CouponTerm(
        source=f"coupon:{coupon.id}", label=coupon.title, asked=True, form=coupon.form, off_fen=coupon.off_fen,
        off_bp=coupon.off_bp, threshold_fen=coupon.threshold_fen, category_ids=tuple(coupon.category_ids),
        offer_ids=tuple(coupon.offer_ids), segment=coupon.segment, first_order=coupon.first_order,
        valid_from=coupon.valid_from, valid_until=coupon.valid_until,
    )  # fmt: skip


def chosen(using: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the coupons that an order names; refuses CouponUnclear."""
    named = using.get("coupon")
    if named is None:
        return ()
    listed = named if isinstance(named, list | tuple) else [named]
    ids = [_id(each) for each in listed]
    if len(ids) > MOST_AT_ONCE or len(set(ids)) < len(ids):
        raise CouponUnclear(f"name different coupons, {MOST_AT_ONCE} at most")
    return tuple(ids)


def _id(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_ID:
        raise CouponUnclear("a coupon is named by its id")
    return value


def check_template(given: Mapping[str, Any]) -> None:
    """Refuse TemplateContradicts when a template could never take anything off, or more than it says."""
    form, off_fen, off_bp = given["form"], given["off_fen"], given["off_bp"]
    wrong = {
        "an amount needs fen off and no percentage": form == Form.AMOUNT and (off_fen <= 0 or off_bp),
        "a percentage lies between 1 and 10000 basis points": form == Form.PERCENT and not 0 < off_bp <= 10_000,
        "an exchange names goods": form == Form.EXCHANGE and not (given["category_ids"] or given["offer_ids"]),
        "an amount is not larger than its threshold": form == Form.AMOUNT and given["threshold_fen"] < off_fen,
        "validity is a time or a number of days": (given["valid_until"] is None) == (given["valid_days"] is None),
        "validity ends after it begins": _backwards(given["valid_from"], given["valid_until"]),
    }
    for reason, is_so in wrong.items():
        if is_so:
            raise TemplateContradicts(reason, reason=reason)


def _backwards(begins: datetime | None, ends: datetime | None) -> bool:
    return begins is not None and ends is not None and ends <= begins


def validity(
    now: datetime, *, valid_from: datetime | None, valid_until: datetime | None, valid_days: int | None
) -> tuple[datetime, datetime]:
    """Return from when until when a coupon is valid that somebody gets now (UTC)."""
    begins = max(now, valid_from) if valid_from else now
    if valid_days is not None:
        return begins, begins + timedelta(days=valid_days)
    assert valid_until is not None
    return begins, valid_until

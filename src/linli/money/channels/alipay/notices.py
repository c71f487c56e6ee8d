"""Notices of Alipay: a form whose sorted fields are signed; sent again with the same id for about a day.

Their time is inside the signed form and stays that of the first sending, so a message is believed for as long as
Alipay repeats it; that a repeated one does nothing is the receiver's part, by its id.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from linli.money.channels.alipay.wire import AlipayMerchant
from linli.money.channels.interface import ForgedNotice, Forgery, Notice, NoticeKind
from linli.money.channels.rsa import BODY_LIMIT, SHANGHAI, WINDOW, fen_of, signed_by

REPEATED_FOR = timedelta(hours=25)
MOST_FIELDS = 100
PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
UNSIGNED = frozenset({"sign", "sign_type"})


def read_notice(who: AlipayMerchant, key: RSAPublicKey, body: bytes, now: datetime) -> Notice:
    """Believe a message or raise ForgedNotice with the reason."""
    form = _form(body)
    if form.get("sign_type") != "RSA2" or not form.get("sign") or not form.get("notify_id"):
        raise ForgedNotice(Forgery.MALFORMED)
    message = "&".join(f"{name}={form[name]}" for name in sorted(form) if name not in UNSIGNED)
    if not signed_by(key, message.encode(), form["sign"]):
        raise ForgedNotice(Forgery.SIGNATURE)
    sent_at = _moment(form.get("notify_time", ""))
    if not now - REPEATED_FOR <= sent_at <= now + WINDOW:
        raise ForgedNotice(Forgery.STALE)
    if form.get("app_id") != who.app_id or (who.seller and form.get("seller_id") != who.seller):
        raise ForgedNotice(Forgery.MERCHANT)
    if form.get("trans_currency", "CNY") != "CNY":
        raise ForgedNotice(Forgery.CURRENCY)
    return _told(form, sent_at)


def _form(body: bytes) -> dict[str, str]:
    if len(body) > BODY_LIMIT:
        raise ForgedNotice(Forgery.MALFORMED)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise ForgedNotice(Forgery.MALFORMED) from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise ForgedNotice(Forgery.MALFORMED)
    return {name: value for name, value in form.items() if value}


def _told(form: dict[str, str], sent_at: datetime) -> Notice:
    # A refund's message tells only what was given back in all, so refunds are learnt by asking.
    paid = form.get("trade_status") in PAID and "gmt_refund" not in form
    try:
        amount = fen_of(form.get("total_amount", ""))
    except ValueError:
        raise ForgedNotice(Forgery.MALFORMED) from None
    if not form.get("out_trade_no") or amount <= 0:
        raise ForgedNotice(Forgery.MALFORMED)
    return Notice(
        NoticeKind.PAID if paid else NoticeKind.SEEN, form["notify_id"][:128], form["out_trade_no"][:64], None, amount,
        "CNY", form["app_id"], form.get("trade_no", ""), _moment(form.get("gmt_payment", "")) if paid else sent_at,
    )  # fmt: skip


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise ForgedNotice(Forgery.MALFORMED) from None

"""Notices of WeChat Pay: signed over the raw bytes, sealed inside, believed for five minutes around their time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linli.money.channels.interface import ForgedNotice, Forgery, Notice, NoticeKind, RefundState
from linli.money.channels.rsa import BODY_LIMIT, SHANGHAI, WINDOW, plain_base64, signed_by
from linli.money.channels.wechat.wire import Merchant

HEADERS = tuple(f"wechatpay-{part}" for part in ("timestamp", "nonce", "signature", "serial", "signature-type"))
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_NONCE = re.compile(r"[!-~]{1,128}", re.ASCII)
_SERIAL = re.compile(r"[A-Za-z0-9_]{1,80}", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9_|*@-]{1,64}", re.ASCII)
# An abnormal refund waits for a person at the provider: the payer's bank card is gone.
REFUNDS = {"SUCCESS": RefundState.DONE, "CLOSED": RefundState.FAILED, "ABNORMAL": RefundState.STUCK}
KINDS = {
    RefundState.DONE: NoticeKind.REFUNDED, RefundState.FAILED: NoticeKind.REFUND_FAILED,
    RefundState.STUCK: NoticeKind.REFUND_STUCK,
}  # fmt: skip


class Resource(msgspec.Struct, frozen=True):
    """The sealed part of a notice."""

    algorithm: str
    nonce: str
    ciphertext: str
    associated_data: str = ""


class Envelope(msgspec.Struct, frozen=True):
    """A notice as it travels."""

    id: str
    event_type: str
    resource_type: str
    resource: Resource


class Amount(msgspec.Struct, frozen=True):
    """Amounts in fen; refunds name no currency."""

    total: int = 0
    refund: int = 0
    currency: str = "CNY"


class Told(msgspec.Struct, frozen=True):
    """What a notice says once it is open."""

    mchid: str = ""
    appid: str = ""
    out_trade_no: str = ""
    transaction_id: str = ""
    trade_state: str = ""
    out_refund_no: str = ""
    refund_id: str = ""
    refund_status: str = ""
    success_time: str = ""
    amount: Amount | None = None


_ENVELOPE, _TOLD = msgspec.json.Decoder(Envelope), msgspec.json.Decoder(Told)
_TRANSFER = msgspec.json.Decoder(dict[str, Any])


def read_notice(
    who: Merchant, keys: Mapping[str, RSAPublicKey], headers: Mapping[str, str], body: bytes, now: datetime
) -> Notice:
    """Believe a message or raise ForgedNotice with the reason."""
    _genuine(keys, headers, body, now)
    try:
        outer = _ENVELOPE.decode(body)
        plain = _opened(who.api_key, outer.resource)
        told = _TOLD.decode(plain)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ForgedNotice(Forgery.MALFORMED) from None
    if not _NUMBER.fullmatch(outer.id):
        raise ForgedNotice(Forgery.MALFORMED)
    if outer.event_type.startswith("TRANSACTION."):
        return _payment(who, outer, told, now)
    if outer.event_type.startswith("REFUND."):
        return _refund(who, outer, told, now)
    number = str(_TRANSFER.decode(plain).get("out_bill_no", ""))[:64]
    return Notice(NoticeKind.SEEN, outer.id, number, None, 0, "CNY", who.merchant, "", now)


def _genuine(keys: Mapping[str, RSAPublicKey], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    given = {name.lower(): value for name, value in headers.items()}
    timestamp, nonce, signature, serial, kind = (given.get(name, "") for name in HEADERS)
    whole = _TIMESTAMP.fullmatch(timestamp) and _NONCE.fullmatch(nonce) and _SERIAL.fullmatch(serial)
    if len(body) > BODY_LIMIT or not whole or kind not in ("", SIGNATURE_TYPE):
        raise ForgedNotice(Forgery.MALFORMED)
    key = keys.get(serial)
    if key is None:
        raise ForgedNotice(Forgery.SERIAL)
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise ForgedNotice(Forgery.STALE)
    if not signed_by(key, f"{timestamp}\n{nonce}\n".encode() + body + b"\n", signature):
        raise ForgedNotice(Forgery.SIGNATURE)


@lru_cache(maxsize=4)
def _cipher(api_key: str) -> AESGCM:
    return AESGCM(api_key.encode())


def _opened(api_key: str, sealed: Resource) -> bytes:
    raw = plain_base64(sealed.ciphertext)
    if sealed.algorithm != "AEAD_AES_256_GCM" or raw is None or not 8 <= len(sealed.nonce.encode()) <= 128:
        raise ForgedNotice(Forgery.MALFORMED)
    try:
        return _cipher(api_key).decrypt(sealed.nonce.encode(), raw, sealed.associated_data.encode())
    except InvalidTag:
        raise ForgedNotice(Forgery.MALFORMED) from None


def _payment(who: Merchant, outer: Envelope, told: Told, now: datetime) -> Notice:
    if told.mchid != who.merchant or told.appid not in who.app_ids():
        raise ForgedNotice(Forgery.MERCHANT)
    if told.amount is not None and told.amount.currency != "CNY":
        raise ForgedNotice(Forgery.CURRENCY)
    if told.amount is None or not _NUMBER.fullmatch(told.out_trade_no):
        raise ForgedNotice(Forgery.MALFORMED)
    kind = NoticeKind.PAID if told.trade_state == "SUCCESS" else NoticeKind.SEEN
    return Notice(
        kind, outer.id, told.out_trade_no, None, told.amount.total, told.amount.currency, told.mchid,
        told.transaction_id, _moment(told.success_time, now),
    )  # fmt: skip


def _refund(who: Merchant, outer: Envelope, told: Told, now: datetime) -> Notice:
    if told.mchid != who.merchant:
        raise ForgedNotice(Forgery.MERCHANT)
    if told.amount is None or not (_NUMBER.fullmatch(told.out_refund_no) and _NUMBER.fullmatch(told.out_trade_no)):
        raise ForgedNotice(Forgery.MALFORMED)
    state = REFUNDS.get(told.refund_status)
    return Notice(
        NoticeKind.SEEN if state is None else KINDS[state], outer.id, told.out_trade_no, told.out_refund_no,
        told.amount.refund, "CNY", told.mchid, told.refund_id, _moment(told.success_time, now),
    )  # fmt: skip


def _moment(text: str, now: datetime) -> datetime:
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ForgedNotice(Forgery.MALFORMED) from None
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)

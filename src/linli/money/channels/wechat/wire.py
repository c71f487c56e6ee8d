"""The line to WeChat Pay: the library signs, sends and checks what comes back; here its errors become ours."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from linli.money.channels.interface import ChannelRefused, ChannelTrouble
from linli.money.channels.rsa import public_key_of

GATEWAY = "https://api.mch.weixin.qq.com"
TIMEOUT = (3, 8)
log = structlog.get_logger()
logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug lines show addresses with our numbers

CODES = {
    "ORDERPAID": "charge_paid", "ORDER_PAID": "charge_paid",
    "ORDER_CLOSED": "charge_closed", "ORDERCLOSED": "charge_closed",
    "ORDER_NOT_EXIST": "charge_unknown", "ORDERNOTEXIST": "charge_unknown",
    "OUT_TRADE_NO_USED": "number_reused", "ALREADY_EXISTS": "number_reused",
    "TRADE_OVERDUE": "refund_too_late", "NOT_ENOUGH": "not_enough", "MCH_NOT_EXISTS": "merchant_unknown",
    "NO_STATEMENT_EXIST": "bill_empty", "STATEMENT_CREATING": "bill_not_ready", "NOT_FOUND": "transfer_unknown",
    "USER_ACCOUNT_ABNORMAL": "payer_abnormal", "PARAM_ERROR": "param_error", "INVALID_REQUEST": "invalid_request",
    "NO_AUTH": "no_auth",
}  # fmt: skip
# One code stands for many refusals of refunds; only its words say which rule was meant.
WORDS = (
    ("期限", "refund_too_late"), ("有效期", "refund_too_late"), ("一年", "refund_too_late"),
    ("次数", "too_many_refunds"), ("超过", "refund_exceeds_paid"), ("全额退款", "refund_exceeds_paid"),
    ("未支付", "charge_not_paid"), ("不一致", "number_reused"), ("重复", "number_reused"),
)  # fmt: skip
UNSURE = frozenset({401, 408, 425, 429})


@dataclass(frozen=True)
class Merchant:
    """What WeChat Pay knows us by, and the secrets that prove it; keys are PEM texts.

    With `public_key_id` the platform signs under its public key, without it under certificates fetched from it.
    """

    merchant: str
    app_id: str
    key_serial: str
    private_key: str = field(repr=False)
    api_key: str = field(repr=False)
    public_key_id: str = ""
    public_key: str = field(default="", repr=False)
    official_app_id: str = ""
    transfer_scene: str = "1005"
    gateway: str = GATEWAY

    def app_ids(self) -> frozenset[str]:
        """The app ids under which we may be paid."""
        return frozenset({self.app_id, self.official_app_id} - {""})


class _Core(Core):  # type: ignore[misc]
    """The library's core on another gateway, which asks nobody anything while it is being built."""

    def __init__(self, gateway: str, **known: Any) -> None:
        super().__init__(**known)
        self._gate_way = gateway

    def _init_certificates(self) -> None:
        """Certificates are fetched by the first question, in its thread."""


class _Pay(WeChatPay):  # type: ignore[misc]
    def __init__(self, who: Merchant) -> None:
        self._type, self._mchid, self._appid = WeChatPayType.NATIVE, who.merchant, who.app_id
        self._notify_url, self._partner_mode = None, False
        self._core = _Core(
            who.gateway, mchid=who.merchant, cert_serial_no=who.key_serial, private_key=who.private_key,
            apiv3_key=who.api_key, timeout=TIMEOUT, public_key=who.public_key or None,
            public_key_id=who.public_key_id or None,
        )  # fmt: skip


class Wire:
    """Asks WeChat Pay in worker threads, and knows the keys under which it signs."""

    def __init__(self, who: Merchant) -> None:
        self.who = who
        self._pay = _Pay(who)
        self._fetching = threading.Lock()
        self._own = {who.public_key_id: public_key_of(who.public_key)} if who.public_key_id else {}
        self._stale = not self._own

    def platform_keys(self) -> Mapping[str, RSAPublicKey]:
        """The keys that WeChat Pay may sign with now, by serial."""
        fetched = {f"{cert.serial_number:X}": cert.public_key() for cert in list(self._pay._core._certificates)}
        return {**fetched, **self._own}

    def fetch_keys_soon(self) -> None:
        """Note that a serial was unknown: the next question brings the platform's certificates with it."""
        self._stale = self._stale or not self._own

    def sign(self, lines: list[str]) -> str:
        """Sign lines as the payer's app wants them."""
        return str(self._pay.sign(lines))

    async def ask(self, what: Callable[[Any], tuple[int, Any]]) -> dict[str, Any]:
        """Put one question in a worker thread; gives the answer's JSON, ChannelRefused or ChannelTrouble."""
        return self._read(*await self._asked(what))

    async def fetch(self, url: str) -> bytes:
        """Fetch a file that the platform has offered."""
        status, raw = await self._asked(lambda pay: pay.download_bill(url))
        if status == 200:
            return raw if isinstance(raw, bytes) else str(raw).encode()
        self._read(status, raw)
        raise ChannelTrouble("no file came")

    async def _asked(self, what: Callable[[Any], tuple[int, Any]]) -> tuple[int, Any]:
        try:
            return await asyncio.to_thread(self._in_thread, what)
        except Exception as trouble:  # the library raises bare exceptions; their texts may hold what was sent
            log.warning("wechat_pay_trouble", trouble=type(trouble).__name__)
            raise ChannelTrouble(f"WeChat Pay did not answer: {type(trouble).__name__}") from None

    def _in_thread(self, what: Callable[[Any], tuple[int, Any]]) -> tuple[int, Any]:
        if self._stale:
            with self._fetching:
                if self._stale:
                    fresh = _Pay(self.who)
                    fresh._core._update_certificates()
                    if fresh._core._certificates:
                        self._pay, self._stale = fresh, False
        answer: tuple[int, Any] = what(self._pay)
        return answer

    def _read(self, status: int, raw: Any) -> dict[str, Any]:
        if status in UNSURE or status >= 500:
            raise ChannelTrouble("WeChat Pay is in trouble", status=status)
        if status == 204:
            return {}
        try:
            told: dict[str, Any] = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, TypeError):
            raise ChannelTrouble("the answer of WeChat Pay cannot be read", status=status) from None
        if 200 <= status < 300:
            return told
        code, words = str(told.get("code", "")), str(told.get("message", ""))
        raise ChannelRefused(_our_code(code, words), f"WeChat Pay refused: {code}")


def _our_code(code: str, words: str) -> str:
    if code in ("INVALID_REQUEST", "NOT_ENOUGH", "PARAM_ERROR"):
        for word, ours in WORDS:
            if word in words:
                return ours
    return CODES.get(code, code.lower() or "refused")

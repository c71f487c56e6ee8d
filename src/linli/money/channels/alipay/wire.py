"""The line to Alipay: the library signs, asks and checks what comes back; here its errors become ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import structlog
from alipay import AliPay
from alipay.utils import AliPayConfig

from linli.money.channels.interface import ChannelRefused, ChannelTrouble
from linli.money.channels.rsa import SHANGHAI

GATEWAY = "https://openapi.alipay.com/gateway.do"
TIMEOUT = 8
LARGEST_BILL = 256 * 1024 * 1024
DONE, UNSURE = "10000", frozenset({"20000", "10003"})
log = structlog.get_logger()

CODES = {
    "ACQ.TRADE_NOT_EXIST": "charge_unknown", "ACQ.TRADE_HAS_SUCCESS": "charge_paid",
    "ACQ.TRADE_HAS_CLOSE": "charge_closed", "ACQ.TRADE_HAS_FINISHED": "refund_too_late",
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": "not_enough", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": "refund_exceeds_paid",
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": "refund_exceeds_paid", "ACQ.REFUND_TIME_EXPIRED": "refund_too_late",
    "ACQ.DISCORDANT_REPEAT_REQUEST": "number_reused", "ACQ.REFUND_COUNT_OVER_LIMIT": "too_many_refunds",
    "ACQ.TRADE_NOT_ALLOW_REFUND": "charge_not_paid", "ACQ.INVALID_PARAMETER": "param_error",
    "isv.invalid-bill-date": "bill_not_ready", "isp.bill_not_exist": "bill_empty", "isv.bill_not_exist": "bill_empty",
    "isp.unknow-error": "unsure",
}  # fmt: skip


@dataclass(frozen=True)
class AlipayMerchant:
    """What Alipay knows us by, our private key and its public key as PEM texts; `seller` is our 2088 number."""

    app_id: str
    private_key: str = field(repr=False)
    public_key: str = field(repr=False)
    seller: str = ""
    gateway: str = GATEWAY


class _Pay(AliPay):  # type: ignore[misc]
    """The library at another gateway, and in China's time, whatever the machine's own zone is."""

    def __init__(self, who: AlipayMerchant, clock: Callable[[], datetime]) -> None:
        super().__init__(
            appid=who.app_id, app_private_key_string=who.private_key, alipay_public_key_string=who.public_key,
            sign_type="RSA2", config=AliPayConfig(timeout=TIMEOUT),
        )  # fmt: skip
        self._gateway, self._clock = who.gateway, clock

    def build_body(self, method: str, biz_content: Any = None, **options: Any) -> dict[str, Any]:
        """Build what is sent, stamped in China's time."""
        body: dict[str, Any] = super().build_body(method, biz_content, **options)
        body["timestamp"] = stamp(self._clock())
        return body


class Wire:
    """Asks Alipay in worker threads, and signs what the payer's phone carries there itself."""

    def __init__(self, who: AlipayMerchant, clock: Callable[[], datetime]) -> None:
        self.who = who
        self._pay = _Pay(who, clock)

    def signed(self, sign: Callable[[Any], str]) -> str:
        """Sign words for the payer to carry; asks nobody."""
        return sign(self._pay)

    async def ask(self, what: Callable[[Any], Any]) -> dict[str, Any]:
        """Put one question in a worker thread; gives the answer, ChannelRefused or ChannelTrouble."""
        told: dict[str, Any] = await self._in_thread(lambda: what(self._pay))
        code, sub = str(told.get("code", "")), str(told.get("sub_code", ""))
        if code == DONE:
            return told
        ours = CODES.get(sub, sub.lower() or code or "refused")
        if code in UNSURE or ours == "unsure" or sub.endswith("SYSTEM_ERROR"):
            raise ChannelTrouble("Alipay is in trouble", code=code)
        raise ChannelRefused(ours, f"Alipay refused: {sub or code}")

    async def fetch(self, url: str) -> bytes:
        """Fetch a file that Alipay has offered, over HTTPS or from the gateway's own host."""
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.netloc != urlsplit(self.who.gateway).netloc:
            raise ChannelTrouble("the bill lies at a strange address")

        def read() -> bytes:
            with urlopen(url, timeout=TIMEOUT) as answer:
                data: bytes = answer.read(LARGEST_BILL + 1)
            return data

        data: bytes = await self._in_thread(read)
        if len(data) > LARGEST_BILL:
            raise ChannelTrouble("the bill is too large")
        return data

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        try:
            return await asyncio.to_thread(work)
        except Exception as trouble:  # the library raises bare exceptions whose texts hold the whole answer
            log.warning("alipay_trouble", trouble=type(trouble).__name__)
            raise ChannelTrouble(f"Alipay did not answer: {type(trouble).__name__}") from None


def stamp(at: datetime) -> str:
    """Write an instant as Alipay does: China's clock, no zone."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")

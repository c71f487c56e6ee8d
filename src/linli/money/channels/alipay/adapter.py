"""Alipay as a channel: page, phone browser and app payments, refunds, the daily bill.

A trade exists at Alipay only once the payer has come to it: until then a charge is unpaid, not unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from linli.money.channels.alipay.notices import read_notice
from linli.money.channels.alipay.wire import AlipayMerchant, Wire, stamp
from linli.money.channels.interface import (
    ChannelRefused,
    ChannelTrouble,
    ChargeAnswer,
    ChargeOpened,
    ChargeRequest,
    ChargeState,
    Notice,
    RefundAnswer,
    RefundRequest,
    RefundState,
    Scene,
)
from linli.money.channels.rsa import SHANGHAI, fen_of, public_key_of, yuan_of

PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})


class AlipayChannel:
    """Alipay of one merchant."""

    name = "alipay"
    heard = b"success"

    def __init__(self, who: AlipayMerchant, *, clock: Callable[[], datetime]) -> None:
        self._who, self._wire, self._key = who, Wire(who, clock), public_key_of(who.public_key)

    async def open_charge(self, wish: ChargeRequest) -> ChargeOpened:
        """Sign what the payer carries to Alipay: an address (`page`, `h5`) or words for its app (`app`)."""
        scene = Scene(wish.scene or Scene.H5)
        about: dict[str, Any] = {
            "subject": wish.description[:120], "out_trade_no": wish.channel_no,
            "total_amount": yuan_of(wish.amount_fen), "notify_url": wish.notify_url,
            "time_expire": stamp(wish.expires_at),
        }  # fmt: skip
        match scene:
            case Scene.PAGE:
                words = self._wire.signed(lambda pay: pay.api_alipay_trade_page_pay(**about))
            case Scene.H5:
                words = self._wire.signed(lambda pay: pay.api_alipay_trade_wap_pay(**about))
            case Scene.APP:
                words = self._wire.signed(lambda pay: pay.api_alipay_trade_app_pay(**about))
                return ChargeOpened(wish.channel_no, wish.channel_no, "", {"order_string": words})
            case _:
                raise ChannelRefused("scene_unknown")
        return ChargeOpened(wish.channel_no, wish.channel_no, f"{self._who.gateway}?{words}")

    async def query_charge(self, channel_no: str) -> ChargeAnswer:
        """Ask how a charge stands; one that no payer has come to is unpaid."""
        try:
            told = await self._wire.ask(lambda pay: pay.api_alipay_trade_query(out_trade_no=channel_no))
        except ChannelRefused as no:
            if no.provider_code == "charge_unknown":
                return ChargeAnswer(channel_no, ChargeState.UNPAID, 0)
            raise
        if told.get("out_trade_no") != channel_no:
            raise ChannelTrouble("Alipay answered about another charge")
        status, paid_at = str(told.get("trade_status")), _moment(told.get("send_pay_date"))
        # A trade that was refunded in full is closed too; that it was paid stays true.
        state = ChargeState.PAID if status in PAID or (status == "TRADE_CLOSED" and paid_at) else ChargeState.UNPAID
        if status == "TRADE_CLOSED" and not paid_at:
            state = ChargeState.CLOSED
        return ChargeAnswer(channel_no, state, _fen(told.get("total_amount", "0")), told.get("trade_no"), paid_at)

    async def close_charge(self, channel_no: str) -> None:
        """Make a charge unpayable; quiet if it is closed or nobody came, refuses with `charge_paid`."""
        try:
            await self._wire.ask(lambda pay: pay.api_alipay_trade_close(out_trade_no=channel_no))
        except ChannelRefused as no:
            if no.provider_code in ("charge_unknown", "charge_closed"):
                return
            said = await self.query_charge(channel_no)
            if said.state is ChargeState.PAID:
                raise ChannelRefused("charge_paid") from None
            if said.state is not ChargeState.CLOSED:
                raise

    async def refund(self, wish: RefundRequest) -> RefundAnswer:
        """Ask for money to go back; repeating it with the same number never pays back twice."""
        told = await self._wire.ask(
            lambda pay: pay.api_alipay_trade_refund(
                refund_amount=yuan_of(wish.amount_fen), out_trade_no=wish.channel_no, out_request_no=wish.refund_no,
                refund_reason=wish.reason[:80],
            )
        )  # fmt: skip
        if told.get("fund_change") == "Y":
            done_at = _moment(told.get("gmt_refund_pay"))
            return RefundAnswer(wish.refund_no, RefundState.DONE, wish.amount_fen, told.get("trade_no"), done_at)
        try:
            return await self.query_refund(wish.refund_no, wish.channel_no)
        except ChannelRefused:
            return RefundAnswer(wish.refund_no, RefundState.ACCEPTED, wish.amount_fen, told.get("trade_no"))

    async def query_refund(self, refund_no: str, channel_no: str = "") -> RefundAnswer:
        """Ask how a refund of a charge stands; refuses an unknown number with `refund_unknown`."""
        told = await self._wire.ask(
            lambda pay: pay.api_alipay_trade_fastpay_refund_query(refund_no, out_trade_no=channel_no)
        )
        if not told.get("out_request_no") and not told.get("refund_status"):
            raise ChannelRefused("refund_unknown")
        if told.get("out_request_no") != refund_no:
            raise ChannelTrouble("Alipay answered about another refund")
        state = RefundState.DONE if told.get("refund_status") == "REFUND_SUCCESS" else RefundState.ACCEPTED
        amount, done_at = _fen(told.get("refund_amount", "0")), _moment(told.get("gmt_refund_pay"))
        return RefundAnswer(refund_no, state, amount, told.get("trade_no"), done_at)

    def verify_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Turn the raw bytes of a message into a believed notice, or raise `ForgedNotice`."""
        return read_notice(self._who, self._key, body, now)

    async def bill(self, day: date) -> bytes:
        """Fetch the zipped bill of all trades of a day; empty bytes when there is none."""
        wish = {"bill_type": "trade", "bill_date": day.isoformat()}
        method = "alipay.data.dataservice.bill.downloadurl.query"
        try:
            told = await self._wire.ask(lambda pay: pay.server_api(method, wish))
        except ChannelRefused as no:
            if no.provider_code == "bill_empty":
                return b""
            raise
        return await self._wire.fetch(str(told["bill_download_url"]))


def _fen(yuan: Any) -> int:
    try:
        return fen_of(str(yuan))
    except ValueError:
        raise ChannelTrouble("Alipay named no amount") from None


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=SHANGHAI) if text else None
    except ValueError:
        raise ChannelTrouble("Alipay named no time") from None

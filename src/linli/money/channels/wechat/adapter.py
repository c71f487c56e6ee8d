"""WeChat Pay v3 as a channel: charges in four scenes, refunds, the daily bill, transfers to persons."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from io import BytesIO
from secrets import token_hex
from typing import Any

from wechatpayv3 import WeChatPayType

from linli.money.channels.interface import (
    ChannelRefused,
    ChannelTrouble,
    ChargeAnswer,
    ChargeOpened,
    ChargeRequest,
    ChargeState,
    ForgedNotice,
    Forgery,
    Notice,
    RefundAnswer,
    RefundRequest,
    RefundState,
    Scene,
    ShippingRequest,
    TransferAnswer,
    TransferRequest,
    TransferState,
)
from linli.money.channels.rsa import SHANGHAI
from linli.money.channels.wechat.mini import MiniProgram
from linli.money.channels.wechat.notices import REFUNDS, read_notice
from linli.money.channels.wechat.wire import Merchant, Wire

TYPES = {
    Scene.MINI: WeChatPayType.MINIPROG, Scene.JSAPI: WeChatPayType.JSAPI,
    Scene.H5: WeChatPayType.H5, Scene.NATIVE: WeChatPayType.NATIVE,
}  # fmt: skip
STATES = {"SUCCESS": ChargeState.PAID, "REFUND": ChargeState.PAID, "CLOSED": ChargeState.CLOSED,
          "REVOKED": ChargeState.CLOSED}  # fmt: skip
TRANSFERS = {"WAIT_USER_CONFIRM": TransferState.WAITING, "SUCCESS": TransferState.DONE, "FAIL": TransferState.FAILED,
             "CANCELLED": TransferState.CANCELLED}  # fmt: skip
NAMED_FROM = 30  # a payee's name below 0.30 yuan is refused by the provider


class WeChatChannel:
    """WeChat Pay of one merchant; `mini` is there when the shop's money must be set free by telling of hand-overs."""

    name = "wechat"
    heard = b'{"code":"SUCCESS"}'

    def __init__(self, who: Merchant, *, clock: Callable[[], datetime], mini: MiniProgram | None = None) -> None:
        self._who, self._clock, self._mini = who, clock, mini
        self._wire = Wire(who)

    async def open_charge(self, wish: ChargeRequest) -> ChargeOpened:
        """Open a charge in its scene (`native` when none is named); needs the payer for `mini`, `jsapi` and `h5`."""
        scene = Scene(wish.scene or Scene.NATIVE)
        if scene not in TYPES:
            raise ChannelRefused("scene_unknown")
        if scene is not Scene.NATIVE and not wish.payer:
            raise ChannelRefused("payer_missing")
        app_id = self._app_id(scene)
        about: dict[str, Any] = {}
        if scene in (Scene.MINI, Scene.JSAPI):
            about["payer"] = {"openid": wish.payer}
        if scene is Scene.H5:
            about["scene_info"] = {"payer_client_ip": wish.payer, "h5_info": {"type": "Wap"}}
        told = await self._wire.ask(
            lambda pay: pay.pay(
                description=wish.description[:127], out_trade_no=wish.channel_no, pay_type=TYPES[scene],
                amount={"total": wish.amount_fen, "currency": "CNY"}, time_expire=_stamp(wish.expires_at),
                notify_url=wish.notify_url, appid=app_id, **about,
            )
        )  # fmt: skip
        return self._opened(wish.channel_no, app_id, told)

    def _app_id(self, scene: Scene) -> str:
        return self._who.official_app_id or self._who.app_id if scene is Scene.JSAPI else self._who.app_id

    def _opened(self, channel_no: str, app_id: str, told: Mapping[str, Any]) -> ChargeOpened:
        if url := told.get("h5_url") or told.get("code_url"):
            return ChargeOpened(channel_no, str(url), str(url))
        prepay = str(told.get("prepay_id", ""))
        if not prepay:
            raise ChannelTrouble("WeChat Pay gave nothing to pay with")
        at, nonce, package = str(int(self._clock().timestamp())), token_hex(16), f"prepay_id={prepay}"
        params = {
            "appId": app_id, "timeStamp": at, "nonceStr": nonce, "package": package, "signType": "RSA",
            "paySign": self._wire.sign([app_id, at, nonce, package]),
        }  # fmt: skip
        return ChargeOpened(channel_no, prepay, "", params)

    async def query_charge(self, channel_no: str) -> ChargeAnswer:
        """Ask how a charge stands; refuses an unknown number with `charge_unknown`."""
        told = await self._wire.ask(lambda pay: pay.query(out_trade_no=channel_no))
        if told.get("out_trade_no") != channel_no or told.get("mchid", self._who.merchant) != self._who.merchant:
            raise ChannelTrouble("WeChat Pay answered about another charge")
        state = STATES.get(str(told.get("trade_state")), ChargeState.UNPAID)
        amount = told.get("amount") or {}
        if state is ChargeState.PAID and amount.get("currency", "CNY") != "CNY":
            raise ChannelTrouble("WeChat Pay answered in another currency")
        paid_at = _moment(told.get("success_time"))
        return ChargeAnswer(channel_no, state, int(amount.get("total", 0)), told.get("transaction_id"), paid_at)

    async def close_charge(self, channel_no: str) -> None:
        """Make a charge unpayable; quiet if it is closed, refuses with `charge_paid` if the money came first."""
        try:
            await self._wire.ask(lambda pay: pay.close(channel_no))
        except ChannelRefused as no:
            if no.provider_code != "charge_closed":
                raise

    async def refund(self, wish: RefundRequest) -> RefundAnswer:
        """Ask for money to go back; repeating it with the same number never pays back twice."""
        amount = {"refund": wish.amount_fen, "total": wish.total_fen, "currency": "CNY"}
        try:
            told = await self._wire.ask(
                lambda pay: pay.refund(
                    out_refund_no=wish.refund_no, out_trade_no=wish.channel_no, reason=wish.reason[:80] or None,
                    amount=amount, notify_url=wish.notify_url,
                )
            )  # fmt: skip
        except ChannelRefused as no:
            raise ChannelRefused("charge_unknown") if no.provider_code == "resource_not_exists" else no from None
        return self._refund(told, wish.refund_no, wish.amount_fen)

    async def query_refund(self, refund_no: str, channel_no: str = "") -> RefundAnswer:
        """Ask how a refund stands; refuses an unknown number with `refund_unknown`."""
        try:
            told = await self._wire.ask(lambda pay: pay.query_refund(refund_no))
        except ChannelRefused as no:
            raise ChannelRefused("refund_unknown") if no.provider_code == "resource_not_exists" else no from None
        return self._refund(told, refund_no, None)

    def _refund(self, told: Mapping[str, Any], refund_no: str, expected: int | None) -> RefundAnswer:
        amount = int((told.get("amount") or {}).get("refund", 0))
        if told.get("out_refund_no") != refund_no or (expected is not None and amount != expected):
            raise ChannelTrouble("WeChat Pay answered about another refund")
        state = REFUNDS.get(str(told.get("status")), RefundState.ACCEPTED)
        return RefundAnswer(refund_no, state, amount, told.get("refund_id"), _moment(told.get("success_time")))

    def verify_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Turn the raw bytes of a message into a believed notice, or raise `ForgedNotice`."""
        try:
            return read_notice(self._who, self._wire.platform_keys(), headers, body, now)
        except ForgedNotice as forged:
            if forged.reason is Forgery.SERIAL:
                self._wire.fetch_keys_soon()
            raise

    async def bill(self, day: date) -> bytes:
        """Fetch the packed bill of all trades of a day, proven by its hash; empty bytes when nothing was traded.

        Refuses with `bill_not_ready` before about ten o'clock of the next day.
        """
        try:
            told = await self._wire.ask(lambda pay: pay.trade_bill(bill_date=day.isoformat()))
        except ChannelRefused as no:
            if no.provider_code == "bill_empty":
                return b""
            raise
        packed = await self._wire.fetch(str(told["download_url"]))
        if str(told.get("hash_type", "SHA1")) != "SHA1" or _sha1_inside(packed) != str(told["hash_value"]).lower():
            raise ChannelTrouble("the bill is not what was promised")
        return packed

    async def transfer(self, wish: TransferRequest) -> TransferAnswer:
        """Begin to pay out; the payee confirms in WeChat within a day; the same number and amount never pays twice."""
        about = [
            {"info_type": "岗位类型", "info_content": "社区团长"},
            {"info_type": "报酬说明", "info_content": wish.remark[:32]},
        ]
        told = await self._wire.ask(
            lambda pay: pay.mch_transfer_bills(
                out_bill_no=wish.transfer_no, transfer_scene_id=self._who.transfer_scene, openid=wish.payee,
                transfer_amount=wish.amount_fen, transfer_remark=wish.remark[:32], notify_url=wish.notify_url,
                user_name=wish.name if wish.amount_fen >= NAMED_FROM and wish.name else None,
                transfer_scene_report_infos=about,
            )
        )  # fmt: skip
        return self._transfer(told, wish.transfer_no, wish.amount_fen)

    async def query_transfer(self, transfer_no: str) -> TransferAnswer:
        """Ask how a transfer stands; refuses an unknown number with `transfer_unknown`."""
        told = await self._wire.ask(lambda pay: pay.mch_transfer_bills_query(out_bill_no=transfer_no))
        return self._transfer(told, transfer_no, int(told.get("transfer_amount", 0)))

    async def cancel_transfer(self, transfer_no: str) -> None:
        """Take back a transfer that its payee has not confirmed; refuses `transfer_final` for others."""
        try:
            await self._wire.ask(lambda pay: pay.mch_transfer_bills_cancel(transfer_no))
        except ChannelRefused as no:
            raise ChannelRefused("transfer_final") if no.provider_code == "invalid_request" else no from None

    def _transfer(self, told: Mapping[str, Any], number: str, amount_fen: int) -> TransferAnswer:
        if told.get("out_bill_no") != number:
            raise ChannelTrouble("WeChat Pay answered about another transfer")
        state = TRANSFERS.get(str(told.get("state")), TransferState.UNDERWAY)
        confirm_with = str(told.get("package_info") or "")
        return TransferAnswer(number, state, amount_fen, str(told.get("transfer_bill_no") or ""), confirm_with)

    async def upload_shipping(self, wish: ShippingRequest) -> None:
        """Tell of a hand-over so that the money becomes ours to use; quiet when it was told before."""
        if self._mini is None:
            raise ChannelTrouble("the mini program's secret is not configured")
        await self._mini.upload_shipping(wish)


def _stamp(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _moment(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        raise ChannelTrouble("WeChat Pay named no time") from None
    return at if at is None or at.tzinfo else at.replace(tzinfo=SHANGHAI)


def _sha1_inside(packed: bytes) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with gzip.open(BytesIO(packed)) as inside:
            while block := inside.read(1 << 20):
                digest.update(block)
    except (OSError, EOFError):
        raise ChannelTrouble("the bill is cut short") from None
    return digest.hexdigest()

"""A local Alipay: RSA2 over the sorted parameters both ways, trades that begin when the payer comes, signed forms."""

from __future__ import annotations

import base64
import datetime as dt
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from linli.money.channels.alipay import AlipayMerchant
from tests.fakes.bills import alipay_bill
from tests.fakes.serving import Post, Weather, key_of, private_pem, public_pem

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
APP, SELLER = "2021000000000001", "2088123456780156"
REFUNDABLE_FOR = dt.timedelta(days=365)


class No(Exception):
    """Alipay says no."""


@dataclass
class Refund:
    """One refund in Alipay's own books."""

    fen: int
    at: dt.datetime


@dataclass
class Trade:
    """One trade; it begins when the payer comes."""

    wish: dict[str, str]
    notify_url: str
    number: str
    state: str = "WAIT_BUYER_PAY"
    paid_at: dt.datetime | None = None
    paid_fen: int = 0
    refunds: dict[str, Refund] = field(default_factory=dict)


@dataclass
class FakeAlipay:
    """Alipay of one app."""

    clock: Callable[[], dt.datetime]
    rate_bp: int = 60
    weather: Weather = field(default_factory=Weather)
    trades: dict[str, Trade] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    bills: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key, self.merchant_key = key_of("alipay platform"), key_of("alipay merchant")
        self.app = Starlette(routes=[Route("/gateway.do", self._answer), Route("/bills/{day}", self._download)])
        self.methods: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "alipay.trade.query": self._query, "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund, "alipay.trade.fastpay.refund.query": self._query_refund,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
        }  # fmt: skip

    def known_as(self, base: str) -> AlipayMerchant:
        """What the merchant configures."""
        self.base = base
        return AlipayMerchant(APP, private_pem(self.merchant_key), public_pem(self.key), SELLER, f"{base}/gateway.do")

    # ---- the payer's side

    def come(self, words: str) -> str:
        """The payer comes with an address or the words for the app; gives the trade's number of ours."""
        asked = dict(parse_qsl(urlsplit(words).query if "://" in words else words, keep_blank_values=True))
        assert self._genuine(asked), "the payer carried words that the merchant did not sign"
        wish = json.loads(asked["biz_content"])
        self.trades.setdefault(
            wish["out_trade_no"], Trade(wish, asked["notify_url"], f"2026112322{secrets.token_hex(9)}")
        )
        return str(wish["out_trade_no"])

    def pay(self, channel_no: str, amount_fen: int | None = None) -> bool:
        """The payer, who has come, pays; False when it cannot be paid."""
        trade = self.trades[channel_no]
        until = dt.datetime.fromisoformat(trade.wish["time_expire"]).replace(tzinfo=SHANGHAI)
        if trade.state != "WAIT_BUYER_PAY" or self.clock() > until:
            return False
        trade.state, trade.paid_at = "TRADE_SUCCESS", self.clock()
        trade.paid_fen = amount_fen or _fen(trade.wish["total_amount"])
        self.posts.append(Post(trade.notify_url, self._form(channel_no, trade), "paid", secrets.token_hex(17)))
        return True

    def _form(self, channel_no: str, trade: Trade) -> dict[str, str]:
        assert trade.paid_at
        return {
            "notify_time": _told(self.clock()), "notify_type": "trade_status_sync", "charset": "utf-8",
            "version": "1.0", "app_id": APP, "auth_app_id": APP, "seller_id": SELLER, "trade_no": trade.number,
            "out_trade_no": channel_no, "trade_status": trade.state, "total_amount": _yuan(trade.paid_fen),
            "receipt_amount": _yuan(trade.paid_fen), "subject": trade.wish["subject"], "buyer_id": "2088000000000000",
            "gmt_create": _told(trade.paid_at), "gmt_payment": _told(trade.paid_at), "body": "",
        }  # fmt: skip

    # ---- what is sent

    def message(self, post: Post) -> tuple[dict[str, str], bytes]:
        """A notice as it goes over the wire."""
        return self.signed_form({**post.what, "notify_id": post.id})

    def signed_form(self, form: dict[str, str]) -> tuple[dict[str, str], bytes]:
        """A form signed as Alipay signs its messages."""
        said = "&".join(f"{name}={form[name]}" for name in sorted(form) if form[name] and name != "sign_type")
        whole = {**form, "sign_type": "RSA2", "sign": self._sign(said)}
        return {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, urlencode(whole).encode()

    def _sign(self, said: str) -> str:
        return base64.b64encode(self.key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    # ---- the merchant's side

    def _genuine(self, asked: dict[str, str]) -> bool:
        said = "&".join(f"{name}={asked[name]}" for name in sorted(asked) if name != "sign")
        try:
            raw = base64.b64decode(asked.get("sign", ""))
            self.merchant_key.public_key().verify(raw, said.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        sent = dt.datetime.fromisoformat(asked["timestamp"]).replace(tzinfo=SHANGHAI)
        return asked["app_id"] == APP and abs(sent - self.clock()) < dt.timedelta(minutes=15)

    async def _answer(self, request: Request) -> Response:
        asked = dict(request.query_params)
        name = asked.get("method", "").replace(".", "_") + "_response"
        if not self._genuine(asked):
            told: dict[str, Any] = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature"}
            return Response(json.dumps({"error_response": told}), media_type="application/json")
        try:
            told = {"code": "10000", "msg": "Success"} | self.methods[asked["method"]](json.loads(asked["biz_content"]))
        except No as no:
            told = {"code": "40004", "msg": "Business Failed", "sub_code": str(no), "sub_msg": "业务处理失败"}
        if await self.weather.strike():
            return Response(status_code=502)
        said = json.dumps(told, ensure_ascii=False)
        whole = f'{{"{name}":{said},"sign":"{self._sign(said)}"}}'
        return Response(whole, media_type="application/json")

    def _trade(self, wish: dict[str, Any]) -> Trade:
        trade = self.trades.get(wish["out_trade_no"])
        if trade is None:
            raise No("ACQ.TRADE_NOT_EXIST")
        return trade

    def _query(self, wish: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(wish)
        told = {
            "trade_no": trade.number, "out_trade_no": wish["out_trade_no"], "trade_status": trade.state,
            "total_amount": _yuan(trade.paid_fen) if trade.paid_at else trade.wish["total_amount"],
        }  # fmt: skip
        return told | ({"send_pay_date": _told(trade.paid_at)} if trade.paid_at else {})

    def _close(self, wish: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(wish)
        if trade.state != "WAIT_BUYER_PAY":
            raise No("ACQ.TRADE_STATUS_ERROR")
        trade.state = "TRADE_CLOSED"
        return {"trade_no": trade.number, "out_trade_no": wish["out_trade_no"]}

    def _refund(self, wish: dict[str, Any]) -> dict[str, Any]:
        trade, fen, request = self._trade(wish), _fen(wish["refund_amount"]), wish["out_request_no"]
        earlier = trade.refunds.get(request)
        if earlier is not None and earlier.fen != fen:
            raise No("ACQ.DISCORDANT_REPEAT_REQUEST")
        if earlier is None:
            if trade.paid_at is None:
                raise No("ACQ.TRADE_NOT_ALLOW_REFUND")
            if self.clock() > trade.paid_at + REFUNDABLE_FOR:
                raise No("ACQ.TRADE_HAS_FINISHED")
            if sum(each.fen for each in trade.refunds.values()) + fen > trade.paid_fen:
                raise No("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            trade.refunds[request] = Refund(fen, self.clock())
            if sum(each.fen for each in trade.refunds.values()) == trade.paid_fen:
                trade.state = "TRADE_CLOSED"
            form = self._form(wish["out_trade_no"], trade)
            form |= {"gmt_refund": _told(self.clock()), "refund_fee": self._given(trade), "out_biz_no": request}
            self.posts.append(Post(trade.notify_url, form, "refunded", secrets.token_hex(17)))
        return {
            "trade_no": trade.number, "out_trade_no": wish["out_trade_no"], "refund_fee": self._given(trade),
            "fund_change": "N" if earlier else "Y", "gmt_refund_pay": _told(self.clock()),
        }  # fmt: skip

    def _given(self, trade: Trade) -> str:
        return _yuan(sum(each.fen for each in trade.refunds.values()))

    def _query_refund(self, wish: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(wish)
        refund = trade.refunds.get(wish["out_request_no"])
        if refund is None:
            return {}
        return {
            "trade_no": trade.number, "out_trade_no": wish["out_trade_no"], "out_request_no": wish["out_request_no"],
            "refund_amount": _yuan(refund.fen), "refund_status": "REFUND_SUCCESS", "gmt_refund_pay": _told(refund.at),
        }  # fmt: skip

    def day_bill(self, day: str) -> bytes:
        """The bill of a day in Shanghai as a zip; b"" when nothing was traded."""
        return alipay_bill(self.trades, day, self.rate_bp)

    def _bill(self, wish: dict[str, Any]) -> dict[str, Any]:
        day = wish["bill_date"]
        if day >= self.clock().astimezone(SHANGHAI).date().isoformat():
            raise No("isv.invalid-bill-date")
        packed = self.bills.get(day) or self.day_bill(day)
        if not packed:
            raise No("isp.bill_not_exist")
        self.bills[day] = packed
        return {"bill_download_url": f"{self.base}/bills/{day}"}

    async def _download(self, request: Request) -> Response:
        return Response(self.bills[request.path_params["day"]], media_type="application/zip")


def _told(at: dt.datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _fen(yuan: str) -> int:
    whole, _, part = yuan.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"

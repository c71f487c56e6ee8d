"""A local WeChat: every question's RSA signature is checked over its raw bytes, every answer is signed, notices are
sealed; charges, refunds, transfers and bills follow the provider's rules and limits."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from linli.money.channels.wechat import Merchant
from tests.fakes.bills import wechat_bill
from tests.fakes.serving import Post, Weather, key_of, private_pem, public_pem

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
MERCHANT, APP, API_KEY, KEY_SERIAL = "1900000109", "wx8888888888888888", "k" * 32, "5157F09EFDC096DE15EBE81A47057A72"
PUBLIC_ID = "PUB_KEY_ID_0119000001092026"
APP_SECRET = "mini-secret"
REFUNDABLE_FOR, MOST_REFUNDS, REFUND_GAP = dt.timedelta(days=365), 50, dt.timedelta(minutes=1)


class No(Exception):
    """WeChat says no."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


@dataclass
class Trade:
    """One charge in WeChat's own books."""

    wish: dict[str, Any]
    kind: str
    prepay: str
    state: str = "NOTPAY"
    number: str = ""
    paid_at: dt.datetime | None = None
    paid_fen: int = 0
    refunds: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class FakeWeChat:
    """WeChat Pay and the mini program's API; `certificates` signs under a certificate instead of the public key."""

    clock: Callable[[], dt.datetime]
    certificates: bool = False
    rate_bp: int = 60
    weather: Weather = field(default_factory=Weather)
    trades: dict[str, Trade] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict)
    shipped: dict[str, dict[str, Any]] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    asked: list[tuple[str, str, bool]] = field(default_factory=list)
    bills: dict[str, bytes] = field(default_factory=dict)
    refund_ends: str = "SUCCESS"
    token: str = "tok-0"

    def __post_init__(self) -> None:
        self.key, self.merchant_key = key_of("wechat platform"), key_of("wechat merchant")
        self.certificate = _certificate(self.key)
        self.serial = f"{self.certificate.serial_number:X}" if self.certificates else PUBLIC_ID
        v3 = [
            ("GET", "/v3/certificates", self._certificates),
            ("POST", "/v3/pay/transactions/{kind}", self._open),
            ("GET", "/v3/pay/transactions/out-trade-no/{no}", self._query),
            ("POST", "/v3/pay/transactions/out-trade-no/{no}/close", self._close),
            ("POST", "/v3/refund/domestic/refunds", self._refund),
            ("GET", "/v3/refund/domestic/refunds/{no}", self._query_refund),
            ("GET", "/v3/bill/tradebill", self._bill),
            ("GET", "/v3/billdownload/file", self._download),
            ("POST", "/v3/fund-app/mch-transfer/transfer-bills", self._transfer),
            ("GET", "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{no}", self._query_transfer),
            ("POST", "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{no}/cancel", self._cancel_transfer),
        ]  # fmt: skip
        routes = [Route(path, self._signed(answer), methods=[verb]) for verb, path, answer in v3]
        routes += [
            Route("/cgi-bin/stable_token", self._stable_token, methods=["POST"]),
            Route("/wxa/sec/order/upload_shipping_info", self._upload_shipping, methods=["POST"]),
        ]
        self.app = Starlette(routes=routes)

    def known_as(self, gateway: str) -> Merchant:
        """What the merchant configures."""
        shown = {} if self.certificates else {"public_key_id": PUBLIC_ID, "public_key": public_pem(self.key)}
        return Merchant(MERCHANT, APP, KEY_SERIAL, private_pem(self.merchant_key), API_KEY, gateway=gateway, **shown)

    # ---- the payer's side

    def pay(self, channel_no: str, amount_fen: int | None = None) -> bool:
        """The payer pays (or, on a bad day, another amount than was asked); False when it cannot be paid."""
        trade = self.trades[channel_no]
        if trade.state != "NOTPAY" or self.clock() > dt.datetime.fromisoformat(trade.wish["time_expire"]):
            return False
        trade.state, trade.number, trade.paid_at = "SUCCESS", "4200" + secrets.token_hex(12), self.clock()
        trade.paid_fen = amount_fen or trade.wish["amount"]["total"]
        self.posts.append(self._paid_post(channel_no, trade))
        return True

    def _paid_post(self, channel_no: str, trade: Trade) -> Post:
        assert trade.paid_at
        what = {
            "mchid": MERCHANT, "appid": trade.wish["appid"], "out_trade_no": channel_no, "transaction_id": trade.number,
            "trade_type": trade.kind.upper(), "trade_state": "SUCCESS", "trade_state_desc": "支付成功",
            "success_time": _told(trade.paid_at), "payer": trade.wish.get("payer", {}),
            "amount": {
                "total": trade.paid_fen, "payer_total": trade.paid_fen, "currency": "CNY", "payer_currency": "CNY",
            },
        }  # fmt: skip
        return Post(trade.wish["notify_url"], what, "TRANSACTION.SUCCESS", secrets.token_hex(16))

    def settle_refunds(self) -> None:
        """The bank gives back what was accepted (or ends as `refund_ends` says), and the shop is told."""
        for number, refund in self.refunds.items():
            if refund["status"] != "PROCESSING":
                continue
            refund["status"], refund["success_time"] = self.refund_ends, _told(self.clock())
            what = {
                "mchid": MERCHANT, "out_trade_no": refund["out_trade_no"], "out_refund_no": number,
                "refund_id": refund["refund_id"], "refund_status": self.refund_ends,
                "success_time": refund["success_time"], "amount": refund["amount"],
            }  # fmt: skip
            if self.refund_ends != "SUCCESS":
                what.pop("success_time")
            self.posts.append(Post(refund["notify_url"], what, f"REFUND.{self.refund_ends}", secrets.token_hex(16)))

    def confirm(self, transfer_no: str) -> None:
        """The payee confirms a transfer in WeChat."""
        assert self.transfers[transfer_no]["state"] == "WAIT_USER_CONFIRM"
        self.transfers[transfer_no]["state"] = "SUCCESS"

    # ---- what is sent

    def sealed(self, post: Post) -> bytes:
        """A notice's body, sealed under the API key."""
        original = "refund" if post.kind.startswith("REFUND") else "transaction"
        inside = {**self._seal(json.dumps(post.what), original), "original_type": original}
        outer = {
            "id": post.id, "create_time": _told(self.clock()), "resource_type": "encrypt-resource",
            "event_type": post.kind, "summary": "支付成功", "resource": inside,
        }  # fmt: skip
        return json.dumps(outer, ensure_ascii=False).encode()

    def headers(self, body: bytes, at: dt.datetime | None = None) -> dict[str, str]:
        """The headers that vouch for a body now."""
        stamp, nonce = str(int((at or self.clock()).timestamp())), secrets.token_hex(16)
        signature = self.key.sign(f"{stamp}\n{nonce}\n".encode() + body + b"\n", padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048", "Content-Type": "application/json",
        }  # fmt: skip

    def message(self, post: Post) -> tuple[dict[str, str], bytes]:
        """A notice as it goes over the wire."""
        body = self.sealed(post)
        return self.headers(body), body

    def _seal(self, plain: str, binding: str) -> dict[str, str]:
        nonce = secrets.token_hex(6)
        raw = AESGCM(API_KEY.encode()).encrypt(nonce.encode(), plain.encode(), binding.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": binding,
            "ciphertext": base64.b64encode(raw).decode(),
        }  # fmt: skip

    # ---- the merchant's side

    def _signed(self, answer: Callable[[Request, dict[str, Any]], Any]) -> Any:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            try:
                self._check(request, raw)
                told = answer(request, json.loads(raw) if raw else {})
                status = 204 if told is None else 200
            except No as no:
                status, told = no.status, {"code": no.code, "message": no.message}
            if await self.weather.strike():
                return Response(status_code=502)
            if isinstance(told, bytes):
                return Response(told, 200, media_type="application/octet-stream")
            body = b"" if told is None else json.dumps(told, ensure_ascii=False).encode()
            # Answers are stamped with the machine's own clock, as the questions are.
            headers = self.headers(body, dt.datetime.now(dt.UTC))
            return Response(body, status, headers | {"content-type": "application/json; charset=utf-8"})

        return endpoint

    def _check(self, request: Request, raw: bytes) -> None:
        said = dict(re.findall(r'(\w+)="([^"]*)"', request.headers.get("authorization", "")))
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        message = f"{request.method}\n{path}\n{said.get('timestamp')}\n{said.get('nonce_str')}\n".encode() + raw + b"\n"
        good = (said.get("mchid"), said.get("serial_no")) == (MERCHANT, KEY_SERIAL)
        good = good and abs(time.time() - int(said.get("timestamp") or 0)) < 300
        try:
            signature = base64.b64decode(said.get("signature", ""))
            self.merchant_key.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            good = False
        self.asked.append((request.method, path, good))
        if not good:
            raise No(401, "SIGN_ERROR", "签名错误")

    def _certificates(self, request: Request, body: dict[str, Any]) -> Any:
        pem = self.certificate.public_bytes(Encoding.PEM).decode()
        times = {"effective_time": "2026-01-01T00:00:00+08:00", "expire_time": "2031-01-01T00:00:00+08:00"}
        serial = f"{self.certificate.serial_number:X}"
        return {"data": [{"serial_no": serial, **times, "encrypt_certificate": self._seal(pem, "certificate")}]}

    def _open(self, request: Request, body: dict[str, Any]) -> Any:
        kind, number = request.path_params["kind"], body["out_trade_no"]
        if kind not in ("jsapi", "h5", "native", "app") or (body["mchid"], body["appid"]) != (MERCHANT, APP):
            raise No(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
        if not 6 <= len(number) <= 32 or body["amount"]["total"] <= 0:
            raise No(400, "PARAM_ERROR", "参数错误")
        if kind == "jsapi" and not body.get("payer", {}).get("openid"):
            raise No(400, "PARAM_ERROR", "缺少payer.openid")
        if kind == "h5" and not body.get("scene_info", {}).get("payer_client_ip"):
            raise No(400, "PARAM_ERROR", "缺少payer_client_ip")
        trade = self.trades.setdefault(number, Trade(body, kind, "wx" + secrets.token_hex(16)))
        if trade.wish["amount"] != body["amount"] or trade.kind != kind:
            raise No(403, "OUT_TRADE_NO_USED", "商户订单号重复")
        if trade.state == "SUCCESS":
            raise No(400, "ORDERPAID", "该订单已支付")
        if trade.state == "CLOSED":
            raise No(400, "ORDER_CLOSED", "订单已关闭")
        match kind:
            case "h5":
                return {"h5_url": f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={trade.prepay}"}
            case "native":
                return {"code_url": f"weixin://wxpay/bizpayurl?pr={trade.prepay[-9:]}"}
        return {"prepay_id": trade.prepay}

    def _trade(self, number: str) -> Trade:
        if number not in self.trades:
            raise No(404, "ORDER_NOT_EXIST", "订单不存在")
        return self.trades[number]

    def _query(self, request: Request, body: dict[str, Any]) -> Any:
        number = request.path_params["no"]
        trade = self._trade(number)
        told: dict[str, Any] = {
            "mchid": MERCHANT, "appid": APP, "out_trade_no": number,
            "trade_state": "REFUND" if trade.refunds else trade.state,
            "amount": {"total": trade.paid_fen or trade.wish["amount"]["total"], "currency": "CNY"},
        }  # fmt: skip
        if trade.paid_at:
            told |= {"transaction_id": trade.number, "success_time": _told(trade.paid_at)}
        return told

    def _close(self, request: Request, body: dict[str, Any]) -> Any:
        trade = self._trade(request.path_params["no"])
        if trade.state == "SUCCESS":
            raise No(400, "ORDERPAID", "订单已支付")
        if trade.state == "CLOSED":
            raise No(400, "ORDER_CLOSED", "订单已关闭")
        trade.state = "CLOSED"

    def _refund(self, request: Request, body: dict[str, Any]) -> Any:
        number, amount = body["out_refund_no"], body["amount"]
        if number in self.refunds:
            earlier = self.refunds[number]
            if (earlier["out_trade_no"], earlier["amount"]["refund"]) != (body["out_trade_no"], amount["refund"]):
                raise No(400, "INVALID_REQUEST", "订单号不一致：请核实原退款单")
            return self._told_refund(number)
        trade = self.trades.get(body["out_trade_no"])
        if trade is None:
            raise No(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        self._may_refund(trade, amount)
        refund = {
            **body, "refund_id": "5030" + secrets.token_hex(12), "status": "PROCESSING", "made_at": self.clock(),
        }  # fmt: skip
        self.refunds[number] = refund
        trade.refunds.append(refund)
        return self._told_refund(number)

    def _may_refund(self, trade: Trade, amount: dict[str, Any]) -> None:
        if trade.paid_at is None:
            raise No(400, "INVALID_REQUEST", "订单未支付")
        if amount["total"] != trade.paid_fen:
            raise No(400, "INVALID_REQUEST", "订单金额不一致")
        if self.clock() > trade.paid_at + REFUNDABLE_FOR:
            raise No(400, "INVALID_REQUEST", "订单已超过可退款期限")
        if len(trade.refunds) >= MOST_REFUNDS:
            raise No(400, "INVALID_REQUEST", "部分退款次数已达上限")
        if trade.refunds and self.clock() < trade.refunds[-1]["made_at"] + REFUND_GAP:
            raise No(429, "FREQUENCY_LIMITED", "频率限制")
        counted = sum(each["amount"]["refund"] for each in trade.refunds if each["status"] != "CLOSED")
        if counted + amount["refund"] > trade.paid_fen:
            raise No(403, "NOT_ENOUGH", "累计退款金额超过订单金额")

    def _told_refund(self, number: str) -> dict[str, Any]:
        refund = self.refunds[number]
        shown = ("refund_id", "out_trade_no", "status", "amount", "success_time")
        return {"out_refund_no": number, **{name: refund[name] for name in shown if name in refund}}

    def _query_refund(self, request: Request, body: dict[str, Any]) -> Any:
        if request.path_params["no"] not in self.refunds:
            raise No(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return self._told_refund(request.path_params["no"])

    def day_bill(self, day: str) -> bytes:
        """The bill of a day in Shanghai as a packed file; b"" when nothing was traded."""
        return wechat_bill(self.trades, day, self.rate_bp, MERCHANT, APP)

    def _bill(self, request: Request, body: dict[str, Any]) -> Any:
        day = request.query_params["bill_date"]
        if day >= self.clock().astimezone(SHANGHAI).date().isoformat():
            raise No(400, "STATEMENT_CREATING", "账单生成中")
        packed = self.bills.get(day) or self.day_bill(day)
        if not packed:
            raise No(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        self.bills[day] = packed
        digest = hashlib.sha1(gzip.decompress(packed)).hexdigest()
        url = f"{request.url.scheme}://{request.url.netloc}/v3/billdownload/file?token={day}"
        return {"hash_type": "SHA1", "hash_value": digest, "download_url": url}

    def _download(self, request: Request, body: dict[str, Any]) -> Any:
        return self.bills[request.query_params["token"]]

    def _transfer(self, request: Request, body: dict[str, Any]) -> Any:
        number, fen = body["out_bill_no"], body["transfer_amount"]
        if "user_name" in body:
            oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
            body["user_name"] = self.key.decrypt(base64.b64decode(body["user_name"]), oaep).decode()
        if number in self.transfers:
            earlier = self.transfers[number]
            if (earlier["transfer_amount"], earlier["openid"]) != (fen, body["openid"]):
                raise No(400, "ALREADY_EXISTS", "商户单号已存在且参数不一致")
            return self._told_transfer(number)
        if fen < 10:
            raise No(400, "PARAM_ERROR", "转账金额低于最低限额")
        if fen >= 200_000 and "user_name" not in body:
            raise No(400, "PARAM_ERROR", "缺少收款用户姓名")
        body |= {"transfer_bill_no": "1330" + secrets.token_hex(8), "state": "WAIT_USER_CONFIRM"}
        self.transfers[number] = body
        return self._told_transfer(number)

    def _told_transfer(self, number: str) -> dict[str, Any]:
        kept = self.transfers[number]
        told = {name: kept[name] for name in ("out_bill_no", "transfer_bill_no", "state", "transfer_amount")}
        return told | ({"package_info": f"pkg-{number}"} if kept["state"] == "WAIT_USER_CONFIRM" else {})

    def _query_transfer(self, request: Request, body: dict[str, Any]) -> Any:
        if request.path_params["no"] not in self.transfers:
            raise No(404, "NOT_FOUND", "记录不存在")
        return self._told_transfer(request.path_params["no"])

    def _cancel_transfer(self, request: Request, body: dict[str, Any]) -> Any:
        kept = self.transfers.get(request.path_params["no"])
        if kept is None:
            raise No(404, "NOT_FOUND", "记录不存在")
        if kept["state"] not in ("WAIT_USER_CONFIRM", "CANCELLED"):
            raise No(400, "INVALID_REQUEST", "当前状态不支持撤销")
        kept["state"] = "CANCELLED"
        return {"out_bill_no": request.path_params["no"], "state": "CANCELLED"}

    # ---- the mini program's API

    async def _stable_token(self, request: Request) -> Response:
        body = await request.json()
        if (body.get("appid"), body.get("secret")) != (APP, APP_SECRET):
            return _json({"errcode": 40125, "errmsg": "invalid appsecret"})
        return _json({"access_token": self.token, "expires_in": 7200})

    async def _upload_shipping(self, request: Request) -> Response:
        body = await request.json()
        if request.query_params.get("access_token") != self.token:
            return _json({"errcode": 40001, "errmsg": "invalid credential"})
        if await self.weather.strike():
            return Response(status_code=502)
        number = body["order_key"]["transaction_id"]
        trade = next((each for each in self.trades.values() if each.number == number), None)
        if trade is None or body["order_key"]["order_number_type"] != 2:
            return _json({"errcode": 10060001, "errmsg": "支付单不存在"})
        if number in self.shipped:
            return _json({"errcode": 10060002, "errmsg": "支付单已完成发货，无法继续发货"})
        if body["logistics_type"] != 4 or body["payer"] != trade.wish.get("payer"):
            return _json({"errcode": 47001, "errmsg": "data format error"})
        self.shipped[number] = body
        return _json({"errcode": 0, "errmsg": "ok"})


def _json(told: dict[str, Any]) -> Response:
    return Response(json.dumps(told, ensure_ascii=False), media_type="application/json")


def _told(at: dt.datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _certificate(key: RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(0x5A2E1C7F << 96 | 0x9D41).not_valid_before(now - dt.timedelta(days=1))
    return made.not_valid_after(now + dt.timedelta(days=365)).sign(key, hashes.SHA256())

"""The mini program's own API, as far as money needs it: one access token for all processes, and word of hand-overs."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx2
import msgspec

from linli.money.channels.interface import ChannelTrouble, ShippingRequest
from linli.money.channels.rsa import SHANGHAI

ADDRESS = "https://api.weixin.qq.com"
STALE_TOKEN = frozenset({40001, 40014, 42001})
TOLD_BEFORE = frozenset({10060002, 10060003})
COLLECTED_BY_PAYER = 4  # logistics_type: the payer comes for it
BY_PROVIDER_NUMBER = 2  # order_number_type
TOKEN_MARGIN_S = 300


class MiniProgram:
    """One mini program; the stable token is the same for every process, so nobody takes it from another."""

    def __init__(self, app_id: str, secret: str, *, http: httpx2.AsyncClient, base_url: str = ADDRESS) -> None:
        self._app_id, self._secret, self._http, self._base_url = app_id, secret, http, base_url.rstrip("/")
        self._token, self._until, self._lock = "", 0.0, asyncio.Lock()

    async def upload_shipping(self, wish: ShippingRequest) -> None:
        """Tell that what was paid is with its leader for the payer to collect; quiet when it was told before."""
        body = {
            "order_key": {"order_number_type": BY_PROVIDER_NUMBER, "transaction_id": wish.provider_no},
            "logistics_type": COLLECTED_BY_PAYER,
            "delivery_mode": 1,
            "shipping_list": [{"item_desc": wish.what[:120]}],
            "upload_time": wish.handed_over_at.astimezone(SHANGHAI).isoformat(timespec="milliseconds"),
            "payer": {"openid": wish.payer},
        }
        code = await self._say("/wxa/sec/order/upload_shipping_info", body)
        if code and code not in TOLD_BEFORE:
            raise ChannelTrouble(f"the mini program's API refused the word of a hand-over: {code}", errcode=code)

    async def _say(self, path: str, body: dict[str, Any]) -> int:
        code = 0
        for again in (False, True):
            token = await self._access(renewed=again)
            code = int((await self._post(path, body, {"access_token": token})).get("errcode", 0))
            if code not in STALE_TOKEN:
                break
        return code

    async def _access(self, *, renewed: bool) -> str:
        async with self._lock:
            if renewed or time.monotonic() >= self._until:
                wish = {"grant_type": "client_credential", "appid": self._app_id, "secret": self._secret}
                told = await self._post("/cgi-bin/stable_token", wish)
                if not told.get("access_token"):
                    raise ChannelTrouble("the mini program's API gave no token", errcode=int(told.get("errcode", 0)))
                self._token = str(told["access_token"])
                self._until = time.monotonic() + max(0, int(told.get("expires_in", 0)) - TOKEN_MARGIN_S)
            return self._token

    async def _post(self, path: str, body: dict[str, Any], params: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            raw = msgspec.json.encode(body)  # plain UTF-8: the API takes \\u escapes literally
            answer = await self._http.post(self._base_url + path, content=raw, params=params or {})
            told: dict[str, Any] = msgspec.json.decode(answer.content)
        except (httpx2.HTTPError, msgspec.MsgspecError) as trouble:
            raise ChannelTrouble(f"the mini program's API did not answer: {type(trouble).__name__}") from None
        return told

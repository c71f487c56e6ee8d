"""The provider's HTTP face: signed questions of the merchant, and the payer's page."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from linli.money.channels.sandbox_provider import page
from linli.money.channels.sandbox_provider.delivery import Deliver, Postman
from linli.money.channels.sandbox_provider.desk import Desk, No
from linli.money.channels.sandbox_provider.faults import NO_FAULTS, Faults
from linli.money.channels.sandbox_provider.store import Store
from linli.money.channels.sandbox_wire import PREFIX, Amount, AskRefund, OpenCharge, SaidNo
from linli.money.channels.signing import BODY_LIMIT, NONCE, NotGenuine, SandboxKeys

Shape = TypeVar("Shape", bound=msgspec.Struct)
Answer = Callable[[str, bytes], msgspec.Struct]
Endpoint = Callable[[Request], Awaitable[Response]]


class Paying(msgspec.Struct, forbid_unknown_fields=True):
    """What a payer's phone may say: nothing, or, misbehaving, another amount."""

    amount_fen: Amount | None = None


class SandboxProvider:
    """The provider as an ASGI application whose every path begins with `/sandbox`; `faults` may be changed any time."""

    def __init__(
        self, keys: SandboxKeys, *, clock: Callable[[], datetime], deliver: Deliver, state_path: Path | None
    ) -> None:
        self._keys, self._clock = keys.for_provider(), clock
        self._store = Store(state_path)
        self._postman = Postman(self._store, self._keys, clock, deliver)
        self._desk = desk = Desk(self._store, self._keys, clock, self._postman)
        self._asked: Counter[str] = Counter()
        self.routes = [
            Route(
                f"{PREFIX}/charges",
                self._signed(lambda _, body: desk.open_charge(_decoded(body, OpenCharge))),
                methods=["POST"],
            ),
            Route(
                f"{PREFIX}/charges/{{number}}", self._signed(lambda asked, _: desk.query_charge(asked)), methods=["GET"]
            ),
            Route(
                f"{PREFIX}/charges/{{number}}/closure",
                self._signed(lambda asked, _: desk.close_charge(asked)),
                methods=["POST"],
            ),
            Route(
                f"{PREFIX}/refunds",
                self._signed(lambda _, body: desk.ask_refund(_decoded(body, AskRefund))),
                methods=["POST"],
            ),
            Route(
                f"{PREFIX}/refunds/{{number}}", self._signed(lambda asked, _: desk.query_refund(asked)), methods=["GET"]
            ),
            Route("/sandbox/pay/{token}", self._show, methods=["GET"]),
            Route("/sandbox/pay/{token}", self._pay, methods=["POST"]),
        ]
        self._app = Starlette(routes=self.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)

    @property
    def faults(self) -> Faults:
        """What goes wrong from now on."""
        return self._desk.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._desk.faults = faults

    async def deliver_due(self, *, parallel: int = 1) -> int:
        """Settle refunds and deliver what is due now; gives the number of attempts. One by one unless `parallel`."""
        self._desk.settle_due()
        return await self._postman.carry_due(parallel)

    def next_due(self) -> datetime | None:
        """The UTC instant at which a notice or a refund falls due next, for whoever steps the clock."""
        return self._postman.next_due()

    def books(self) -> tuple[dict[str, int], dict[str, int]]:
        """What was paid per charge number and given back per refund number, in fen, for whoever compares books."""
        return self._store.books()

    def count_notices(self) -> dict[str, int]:
        """How many notices are pending, delivered and given up."""
        return self._store.count_notices()

    async def run(self, *, every_seconds: float = 0.5, parallel: int = 8) -> None:
        """Deliver until cancelled, for a running server."""
        while True:
            await self.deliver_due(parallel=parallel)
            await asyncio.sleep(every_seconds)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def _signed(self, answer: Answer) -> Endpoint:
        """An endpoint that answers only what the merchant signed, and signs what it answers."""

        async def endpoint(request: Request) -> Response:
            nonce = token_hex(16)
            try:
                body = await _limited(request)
                nonce = self._checked(request, body)
                status, told = 200, answer(request.path_params.get("number", ""), body)
            except No as no:
                status, told = no.status, SaidNo(no.code, no.message)
            if status == 200 and self._answer_is_lost(request):
                return Response(status_code=504)
            raw = msgspec.json.encode(told)
            headers = self._keys.signer.headers(raw, at=self._clock(), nonce=nonce)
            return Response(raw, status, headers, "application/json")

        return endpoint

    def _checked(self, request: Request, body: bytes) -> str:
        """The nonce of a request that is truly the merchant's."""
        merchant = request.headers.get("sandbox-merchant", "")
        target = request.scope["raw_path"].decode("latin-1")
        if query := request.scope["query_string"]:
            target += "?" + query.decode("latin-1")
        try:
            first = (request.method, target, merchant)
            self._keys.verifier.check(request.headers, body, now=self._clock(), first=first)
        except NotGenuine as doubt:
            raise No(401, f"not_genuine_{doubt.reason}") from None
        if merchant != self._keys.merchant:
            raise No(403, "merchant_unknown")
        return request.headers[NONCE]

    def _answer_is_lost(self, request: Request) -> bool:
        if not self.faults.lost_answer:
            return False
        what = f"{request.method} {request.url.path}"
        self._asked[what] += 1
        return self.faults.strikes("lost_answer", f"{what}|{self._asked[what]}")

    async def _show(self, request: Request) -> Response:
        try:
            charge, state = self._desk.to_pay(request.path_params["token"])
        except No:
            return HTMLResponse(page.said("unknown"), 404, page.SAFE)
        return HTMLResponse(page.to_pay(charge) if state == "unpaid" else page.said(state), 200, page.SAFE)

    async def _pay(self, request: Request) -> Response:
        """The phone sends JSON or nothing and gets JSON; the page's button sends a form and gets the page."""
        by_hand = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        try:
            body = await _limited(request)
            amount = _decoded(body, Paying).amount_fen if body and not by_hand else None
            paid = self._desk.pay(request.path_params["token"], amount)
        except No as no:
            if by_hand:
                state = no.code.removeprefix("charge_")
                return HTMLResponse(page.said(state if state in page.SAID else "unknown"), no.status, page.SAFE)
            return Response(msgspec.json.encode(SaidNo(no.code, no.message)), no.status, None, "application/json")
        if by_hand:
            return HTMLResponse(page.said("paid"), 200, page.SAFE)
        told = {"state": "paid", "amount_fen": paid.paid_fen, "provider_no": paid.provider_no}
        return Response(msgspec.json.encode(told), 200, None, "application/json")


def build_sandbox(
    keys: SandboxKeys,
    *,
    clock: Callable[[], datetime],
    deliver: Deliver,
    faults: Faults = NO_FAULTS,
    state_path: Path | None = None,
) -> SandboxProvider:
    """The sandbox provider of one installation; with `state_path` it still knows its charges after a restart."""
    provider = SandboxProvider(keys, clock=clock, deliver=deliver, state_path=state_path)
    provider.faults = faults
    return provider


async def _limited(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                raise No(413, "body_too_large")
    except ClientDisconnect:
        raise No(400, "body_cut_short") from None
    return bytes(body)


def _decoded(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise No(400, "unreadable") from None

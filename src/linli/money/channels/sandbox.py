"""Our side of the sandbox channel: signs what we ask, believes only what the provider signed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from secrets import token_hex
from typing import TypeVar
from urllib.parse import quote, urljoin

import httpx2
import msgspec

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
    NoticeKind,
    RefundAnswer,
    RefundRequest,
    RefundState,
)
from linli.money.channels.sandbox_wire import (
    CURRENCY,
    PREFIX,
    AskRefund,
    ChargeTold,
    Envelope,
    OpenCharge,
    RefundTold,
    SaidNo,
    Told,
)
from linli.money.channels.signing import KeyRing, NotGenuine, unseal

SENT = {"content-type": "application/json", "accept": "application/json"}
NOT_NOW = frozenset({408, 425, 429})

Shape = TypeVar("Shape", bound=msgspec.Struct)


class SandboxChannel:
    """The sandbox provider as a `Channel`; `http` brings its own timeouts and must not follow redirects."""

    name = "sandbox"
    heard = b'{"code":"SUCCESS"}'

    def __init__(
        self,
        keys: KeyRing,
        *,
        http: httpx2.AsyncClient,
        base_url: str,
        clock: Callable[[], datetime],
        nonces: Callable[[], str] = token_hex,
    ) -> None:
        self._keys, self._http, self._clock, self._nonces = keys, http, clock, nonces
        self._base_url = base_url.rstrip("/")

    async def open_charge(self, wish: ChargeRequest) -> ChargeOpened:
        """Open a charge; repeating it with the same number and amount gives the same token."""
        body = OpenCharge(
            merchant=self._keys.merchant,
            channel_no=wish.channel_no,
            amount_fen=wish.amount_fen,
            currency=CURRENCY,
            description=wish.description,
            expires_at=wish.expires_at.astimezone(UTC),
            notify_url=wish.notify_url,
        )
        told = self._charge(await self._ask("POST", "/charges", body), wish.channel_no)
        if told.state != "unpaid" or told.amount_fen != wish.amount_fen:
            raise ChannelTrouble("the provider answered with another charge than the one asked for")
        return ChargeOpened(told.channel_no, told.pay_token, urljoin(self._base_url, told.pay_url))

    async def query_charge(self, channel_no: str) -> ChargeAnswer:
        """Ask how a charge stands; refuses an unknown number with `charge_unknown`."""
        told = self._charge(await self._ask("GET", f"/charges/{_part(channel_no)}"), channel_no)
        state = ChargeState(told.state)
        return ChargeAnswer(told.channel_no, state, told.amount_fen, told.provider_no, told.paid_at)

    async def close_charge(self, channel_no: str) -> None:
        """Make a charge unpayable; quiet if it is closed, refuses with `charge_paid` if the money came first."""
        told = self._charge(await self._ask("POST", f"/charges/{_part(channel_no)}/closure"), channel_no)
        if told.state != "closed":
            raise ChannelTrouble("the provider did not close the charge", state=told.state)

    async def refund(self, wish: RefundRequest) -> RefundAnswer:
        """Ask for money to go back; repeating it with the same number never pays back twice."""
        body = AskRefund(
            merchant=self._keys.merchant,
            refund_no=wish.refund_no,
            channel_no=wish.channel_no,
            amount_fen=wish.amount_fen,
            total_fen=wish.total_fen,
            currency=CURRENCY,
            reason=wish.reason,
            notify_url=wish.notify_url,
        )
        answer = self._refund(await self._ask("POST", "/refunds", body), wish.refund_no)
        if answer.amount_fen != wish.amount_fen:
            raise ChannelTrouble("the provider answered with another refund than the one asked for")
        return answer

    async def query_refund(self, refund_no: str, channel_no: str = "") -> RefundAnswer:
        """Ask how a refund stands; refuses an unknown number with `refund_unknown`."""
        return self._refund(await self._ask("GET", f"/refunds/{_part(refund_no)}"), refund_no)

    def verify_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Turn raw bytes into a believed notice, or raise `ForgedNotice`; the amount is the caller's to compare."""
        try:
            self._keys.verifier.check(headers, body, now=now)
            envelope = msgspec.json.decode(body, type=Envelope)
            if envelope.merchant != self._keys.merchant:
                raise ForgedNotice(Forgery.MERCHANT)
            plain = unseal(self._keys.seal_key, envelope.seal_nonce, envelope.sealed, envelope.binding())
            told = msgspec.json.decode(plain, type=Told)
        except NotGenuine as doubt:
            raise ForgedNotice(Forgery(doubt.reason)) from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise ForgedNotice(Forgery.MALFORMED) from None
        if told.merchant != self._keys.merchant:
            raise ForgedNotice(Forgery.MERCHANT)
        if told.currency != CURRENCY:
            raise ForgedNotice(Forgery.CURRENCY)
        kind = NoticeKind(envelope.event)
        if (told.refund_no is None) != (kind is NoticeKind.PAID):
            raise ForgedNotice(Forgery.MALFORMED)
        return Notice(
            kind=kind,
            notice_id=envelope.id,
            channel_no=told.channel_no,
            refund_no=told.refund_no,
            amount_fen=told.amount_fen,
            currency=told.currency,
            merchant=told.merchant,
            provider_no=told.provider_no,
            happened_at=told.happened_at,
        )

    async def _ask(self, verb: str, path: str, wish: msgspec.Struct | None = None) -> bytes:
        """One signed question; gives the signed answer's bytes."""
        url = httpx2.URL(self._base_url + PREFIX + path)
        body = b"" if wish is None else msgspec.json.encode(wish)
        nonce = self._nonces()
        first = (verb, url.raw_path.decode("ascii"), self._keys.merchant)
        headers = SENT | self._keys.signer.headers(body, at=self._clock(), nonce=nonce, first=first)
        headers["sandbox-merchant"] = self._keys.merchant
        try:
            answer = await self._http.request(verb, url, content=body, headers=headers)
        except httpx2.HTTPError as trouble:
            raise ChannelTrouble(f"the payment provider did not answer: {type(trouble).__name__}") from trouble
        self._believe(answer, nonce)
        return answer.content

    def _believe(self, answer: httpx2.Response, nonce: str) -> None:
        """Let through a signed yes; a signed no refuses; all else leaves the outcome unknown."""
        if answer.status_code >= 500 or answer.status_code in NOT_NOW:
            raise ChannelTrouble("the payment provider is in trouble", status=answer.status_code)
        try:
            self._keys.verifier.check(answer.headers, answer.content, now=self._clock(), nonce=nonce)
        except NotGenuine as doubt:
            raise ChannelTrouble("the answer was not the provider's", reason=doubt.reason) from None
        if answer.status_code == 200:
            return
        no = _decoded(answer.content, SaidNo)
        raise ChannelRefused(no.code, no.message)

    def _charge(self, raw: bytes, channel_no: str) -> ChargeTold:
        told = _decoded(raw, ChargeTold)
        if (told.merchant, told.currency, told.channel_no) != (self._keys.merchant, CURRENCY, channel_no):
            raise ChannelTrouble("the provider answered about another charge")
        return told

    def _refund(self, raw: bytes, refund_no: str) -> RefundAnswer:
        told = _decoded(raw, RefundTold)
        if (told.merchant, told.currency, told.refund_no) != (self._keys.merchant, CURRENCY, refund_no):
            raise ChannelTrouble("the provider answered about another refund")
        state = RefundState(told.state)
        return RefundAnswer(told.refund_no, state, told.amount_fen, told.provider_no, told.done_at)


def _part(number: str) -> str:
    return quote(number, safe="")


def _decoded(raw: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ChannelTrouble("the provider's answer cannot be read") from None

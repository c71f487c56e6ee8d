"""The address at which payment providers deliver their notices: verified, kept with others of the moment, answered.

Notices that come singly are acted on at once. In a rush they are only kept, and the clock acts on them in batches, so
that a provider is answered within its patience however many notices come.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial

import msgspec
import structlog
from prometheus_client import Counter
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from linli.kernel.refusals import BadInput, NotFound, Refusal, TooLarge
from linli.money.channels.interface import Channel, ForgedNotice, Forgery, Notice, NoticeKind
from linli.money.intake import commands
from linli.money.notice.commands import FROM_NOTICE, keep_notice, keep_notices
from linli.money.notice.model import Answer, Arrived, KeptNotice, RawNotice, Verdict, Word
from linli.money.notice.rules import home_of
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.problems import problem
from linli.platform.telemetry import REQUESTS, registry
from linli.platform.web import Audience, CallOf, View

hooks = Audience("hooks", "intake")
log = structlog.get_logger()
FORGED = Counter(
    "linli_payment_forgeries_total", "payment messages that were not believed", ["channel", "reason"], registry=registry
)
BODY_LIMIT = 64 * 1024
UNTOLD = frozenset({"authorization", "cookie"})
QUIET = 16
"""As many messages may arrive together and still be acted on at once, one by one."""
BY = "anybody:hooks"
ROUTE = "/hooks/payments/{channel}"
_PATH = re.compile(r"/hooks/payments/([a-z_]{1,40})", re.ASCII)
# Said under a genuine signature, and still not for us: somebody must look at it.
SUSPICIOUS = {Forgery.MERCHANT: Verdict.WRONG_MERCHANT, Forgery.CURRENCY: Verdict.WRONG_CURRENCY}


class NoSuchChannel(NotFound):
    """No payment channel of this name is set up."""

    title = "没有这个支付渠道"


class NoticeTooLarge(TooLarge):
    """No provider sends a notice of more than 64 KiB."""

    title = "通知过大"


class NoticeCutShort(BadInput):
    """The message ended before it was complete."""

    title = "通知不完整"


class Received(View):
    """The message was kept; it need not be sent again."""

    code: str = "SUCCESS"


@hooks.post(
    "/payments/{channel}", permission=None, public_reason="verified by the provider's signature over the raw bytes"
)
async def notice(channel: str, call: CallOf) -> Received:
    """Take a notice: refused with 401 when it is not genuine, else kept and acted on once.

    The answer is in the provider's own words: JSON, or the one word that Alipay wants.
    """
    kept = await take(call.installation, channel, call.request.headers, call.request.stream())
    await act_at_once(call.installation, kept)
    return Received()


class NoticeDoor:
    """Stands before the whole application and takes payment notices in, without the machinery of ordinary routes."""

    def __init__(self, app: ASGIApp, installation: Installation) -> None:
        self._app, self._installation = app, installation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a notice here, pass everything else on."""
        named = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if named is None:
            await self._app(scope, receive, send)
            return
        answer = await self._answer(named[1], Request(scope, receive))
        REQUESTS.labels("POST", ROUTE, str(answer.status_code)).inc()
        await answer(scope, receive, send)

    async def _answer(self, channel: str, request: Request) -> Response:
        installation = self._installation
        try:
            kept = await take(installation, channel, request.headers, request.stream())
        except Refusal as no:
            return problem(no.status, no.code, no.title, str(no), no.facts)
        except Exception as error:  # the provider comes again; a bug must not look like a yes
            log.error("payment_notice_failed", channel=channel, exc_info=error)
            return problem(503, "busy", "系统繁忙，请稍后重试", "the notice was not kept; send it again")
        heard: bytes = installation.channels[channel].heard
        kind = "application/json" if heard.startswith(b"{") else "text/plain"
        return Response(heard, media_type=kind, background=BackgroundTask(act_at_once, installation, kept))


async def take(
    installation: Installation, channel: str, headers: Mapping[str, str], stream: AsyncIterator[bytes]
) -> tuple[int, KeptNotice]:
    """Verify a message and keep it in its number's region; returns the region and what was kept.

    Refuses NoSuchChannel, NoticeTooLarge, NoticeCutShort and ForgedNotice.
    """
    body = await _limited(stream)
    adapter: Channel | None = installation.channels.get(channel)
    if adapter is None:
        raise NoSuchChannel(f"no channel {channel[:40]}")
    raw = RawNotice(channel, "", {k: v[:1000] for k, v in headers.items() if k not in UNTOLD}, body)
    try:
        told = adapter.verify_notice(headers, body, installation.clock.now())
    except ForgedNotice as forged:
        await _not_believed(installation, raw, forged)
        raise
    region_id, arrived = _arrived(raw, told)
    key = hashlib.sha256(body).hexdigest()
    kept, _ = await installation.gatherer(_keep_together).submit(
        region_id, caller=f"hooks:{channel}", key=key, request=key.encode(), wish=arrived
    )
    return region_id, msgspec.json.decode(kept, type=KeptNotice)


async def _keep_together(tx: Tx, *, wishes: Sequence[Arrived]) -> list[bytes | Refusal]:
    """Keep messages of one region that arrived together; answers each with its `KeptNotice` as JSON."""
    return [msgspec.json.encode(kept) for kept in await keep_notices(tx, arrived=wishes)]


async def act_at_once(installation: Installation, kept: tuple[int, KeptNotice]) -> None:
    """Act on a message that came singly; one of a rush, or one that fails here, is left to the clock."""
    region_id, notice = kept
    if notice.verdict is not None or notice.together > QUIET:
        return
    try:
        await installation.db.run(partial(commands.act_on_notice, row_id=notice.id), region_id, by=BY)
    except Exception as error:  # it is kept: the clock acts on it in a moment
        log.warning("payment_notice_left", row=str(notice.id), error=type(error).__name__, exc_info=error)


async def _limited(stream: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    try:
        async for chunk in stream:
            body += chunk
            if len(body) > BODY_LIMIT:
                FORGED.labels("any", "too_large").inc()
                raise NoticeTooLarge("more than 64 KiB")
    except ClientDisconnect:
        raise NoticeCutShort("the message ended early") from None
    return bytes(body)


async def _not_believed(installation: Installation, raw: RawNotice, forged: ForgedNotice) -> None:
    FORGED.labels(raw.channel, forged.reason.value).inc()
    log.warning("payment_notice_refused", channel=raw.channel, reason=forged.reason.value)
    verdict = SUSPICIOUS.get(forged.reason)
    if verdict is not None:
        await installation.db.run(partial(keep_notice, raw=raw, told=None, verdict=verdict), 0, by=BY)


def _arrived(raw: RawNotice, told: Notice) -> tuple[int, Arrived]:
    """Say in which region a believed message is to be kept (0 when its number is not ours), and what it says."""
    named = RawNotice(raw.channel, told.notice_id, raw.headers, raw.body)
    number = told.refund_no or told.channel_no
    home = home_of(number) or 0
    if told.kind is NoticeKind.SEEN:
        return home, Arrived(named, None, Verdict.NOTED)
    answer = Answer(
        Word(told.kind.value), raw.channel, number, told.amount_fen, told.provider_no, told.happened_at,
        FROM_NOTICE + told.notice_id, told.currency,
    )  # fmt: skip
    return home, Arrived(named, answer)


routers = [hooks.router]

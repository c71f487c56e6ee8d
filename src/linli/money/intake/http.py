"""The address at which payment providers deliver their notices: verified, kept, then acted on."""

import structlog
from prometheus_client import Counter
from starlette.requests import ClientDisconnect

from linli.kernel.refusals import BadInput, NotFound, TooLarge
from linli.money.channels.interface import Channel, ForgedNotice, Forgery, Notice
from linli.money.intake import commands
from linli.money.notice.commands import FROM_NOTICE, keep_notice
from linli.money.notice.model import Answer, RawNotice, Verdict, Word
from linli.money.notice.rules import home_of
from linli.platform.database import Tx
from linli.platform.telemetry import registry
from linli.platform.web import Audience, Call, CallOf, View

hooks = Audience("hooks", "intake")
log = structlog.get_logger()
FORGED = Counter(
    "linli_payment_forgeries_total", "payment messages that were not believed", ["channel", "reason"], registry=registry
)
BODY_LIMIT = 64 * 1024
UNTOLD = frozenset({"authorization", "cookie"})
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
    """Take a notice: refused with 401 when it is not genuine, else kept and acted on once."""
    body = await _limited(call)
    adapter: Channel | None = call.installation.channels.get(channel)
    if adapter is None:
        raise NoSuchChannel(f"no channel {channel[:40]}")
    headers = {name: value[:1000] for name, value in call.request.headers.items() if name not in UNTOLD}
    raw = RawNotice(channel, "", headers, body)
    try:
        told = adapter.verify_notice(call.request.headers, body, call.installation.clock.now())
    except ForgedNotice as forged:
        await _not_believed(call, raw, forged)
        raise
    await _keep_and_act(call, raw, told)
    return Received()


async def _limited(call: Call) -> bytes:
    body = bytearray()
    try:
        async for chunk in call.request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                FORGED.labels("any", "too_large").inc()
                raise NoticeTooLarge("more than 64 KiB")
    except ClientDisconnect:
        raise NoticeCutShort("the message ended early") from None
    return bytes(body)


async def _not_believed(call: Call, raw: RawNotice, forged: ForgedNotice) -> None:
    FORGED.labels(raw.channel, forged.reason.value).inc()
    log.warning("payment_notice_refused", channel=raw.channel, reason=forged.reason.value)
    verdict = SUSPICIOUS.get(forged.reason)
    if verdict is None:
        return

    async def kept(tx: Tx) -> None:
        await keep_notice(tx, raw=raw, told=None, verdict=verdict)

    await call.write(kept, region_id=0, keyed=False)


async def _keep_and_act(call: Call, raw: RawNotice, told: Notice) -> None:
    number = told.refund_no or told.channel_no
    home = home_of(number)
    answer = Answer(
        Word(told.kind.value), raw.channel, number, told.amount_fen, told.provider_no, told.happened_at,
        FROM_NOTICE + told.notice_id, told.currency,
    )  # fmt: skip
    named = RawNotice(raw.channel, told.notice_id, raw.headers, raw.body)

    async def kept(tx: Tx) -> tuple[int, Verdict | None]:
        return await keep_notice(tx, raw=named, told=answer)

    async def acted(tx: Tx) -> Verdict | None:
        return await commands.act_on_notice(tx, row_id=row_id)

    row_id, verdict = await call.write(kept, region_id=home or 0, keyed=False)
    if verdict is None:
        await call.write(acted, region_id=home or 0, keyed=False)


routers = [hooks.router]

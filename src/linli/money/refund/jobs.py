"""Jobs that speak to payment channels about refunds: send and ask; each may run any number of times."""

from __future__ import annotations

from linli.money.channels.interface import Channel, ChannelRefused, ChannelTrouble, RefundAnswer, RefundRequest
from linli.money.channels.interface import RefundState as Said
from linli.money.notice.model import Answer, Word
from linli.money.refund import commands, store
from linli.money.refund.events import AskRefund, SendRefund
from linli.money.refund.model import RefundState
from linli.money.refund.records import RefundRow
from linli.money.refund.rules import refund_number
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.jobs import carries

BY = "system:refund"
WORDS = {Said.DONE: Word.REFUNDED, Said.FAILED: Word.REFUND_FAILED, Said.STUCK: Word.REFUND_STUCK}


@carries(SendRefund)
async def send(installation: Installation, region_id: int, wish: SendRefund) -> None:
    """Ask the channel to give money back; what is unclear is asked again later under the same number."""

    async def begun(tx: Tx) -> RefundRow | None:
        return await commands.begin_sending(tx, refund_id=wish.refund_id)

    row = await installation.db.run(begun, region_id, by=BY)
    if row is None:
        return
    channel: Channel = installation.channels[row.channel]
    url = f"{installation.config.base_url()}/hooks/payments/{row.channel}"
    number = refund_number(row.id, row.round)
    request = RefundRequest(number, str(row.attempt_id), row.amount_fen, row.total_fen, row.reason, url)
    try:
        said = await channel.refund(request)
    except ChannelTrouble as trouble:
        await _troubled(installation, row, str(trouble), "")
    except ChannelRefused as no:
        await _troubled(installation, row, str(no), no.provider_code)
    else:
        await _write(installation, row, said)


@carries(AskRefund)
async def ask(installation: Installation, region_id: int, wish: AskRefund) -> None:
    """Ask how an accepted refund stands and write the answer, as if its notice had come."""
    async with installation.db.transaction(region_id, by=BY) as tx:
        row = await store.refund_row(tx, wish.refund_id)
    if row is not None and row.state == RefundState.ACCEPTED:
        channel: Channel = installation.channels[row.channel]
        await _write(
            installation, row, await channel.query_refund(refund_number(row.id, row.round), str(row.attempt_id))
        )


async def _troubled(installation: Installation, row: RefundRow, trouble: str, provider_code: str) -> None:
    async def noted(tx: Tx) -> None:
        await commands.note_trouble(tx, refund_id=row.id, trouble=trouble, provider_code=provider_code)

    await installation.db.run(noted, row.region_id, by=BY)


async def _write(installation: Installation, row: RefundRow, said: RefundAnswer) -> None:
    async def written(tx: Tx) -> None:
        if said.state is Said.ACCEPTED:
            await commands.note_accepted(tx, refund_id=row.id, provider_no=said.provider_no or "")
            return
        word = WORDS[said.state]
        at = said.done_at or tx.now
        answer = Answer(word, row.channel, said.refund_no, said.amount_fen, said.provider_no or "", at, "poll")
        await commands.record_refund_answer(tx, answer=answer)

    await installation.db.run(written, row.region_id, by=BY)

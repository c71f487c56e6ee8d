"""Jobs that speak to payment channels about charges: open, close, ask; each may run any number of times."""

from __future__ import annotations

from linli.money.channels.interface import Channel, ChannelRefused, ChargeAnswer, ChargeRequest, ChargeState
from linli.money.charge import store
from linli.money.charge.commands import give_up_attempt, offer, record_charge_answer
from linli.money.charge.events import AskCharge, CloseCharge, OpenCharge
from linli.money.charge.model import AttemptState
from linli.money.charge.records import AttemptRow
from linli.money.notice.model import Answer, Word
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.jobs import carries


@carries(OpenCharge)
async def open_at_channel(installation: Installation, region_id: int, wish: OpenCharge) -> None:
    """Open an attempt at its channel and write where to pay; an unclear answer is asked again with the same number."""
    async with installation.db.transaction(region_id, by="system:open_charge") as tx:
        attempt = await store.attempt_row(tx, wish.attempt_id)
        charge = await store.charge_row(tx, attempt.charge_id) if attempt else None
    if attempt is None or charge is None or attempt.state != AttemptState.OPENING:
        return
    channel: Channel | None = installation.channels.get(attempt.channel)
    if channel is None:
        await _refused(installation, region_id, attempt, ChannelRefused("not_configured"))
        return
    url = f"{installation.config.base_url()}/hooks/payments/{attempt.channel}"
    request = ChargeRequest(
        str(attempt.id), attempt.amount_fen, charge.description, attempt.expires_at, url, charge.scene, charge.payer
    )
    try:
        opened = await channel.open_charge(request)
    except ChannelRefused as no:
        await _refused(installation, region_id, attempt, no)
        return

    async def offered(tx: Tx) -> None:
        await offer(tx, attempt_id=wish.attempt_id, pay_url=opened.pay_url, pay_params=opened.pay_params)

    await installation.db.run(offered, region_id, by="system:open_charge")


async def _refused(installation: Installation, region_id: int, attempt: AttemptRow, no: ChannelRefused) -> None:
    if no.provider_code in ("charge_paid", "charge_closed"):
        await _ask(installation, region_id, attempt)
        return

    async def gave_up(tx: Tx) -> None:
        await give_up_attempt(tx, attempt_id=attempt.id, reason=f"channel:{no.provider_code}")

    await installation.db.run(gave_up, region_id, by="system:open_charge")


@carries(CloseCharge)
async def close_at_channel(installation: Installation, region_id: int, wish: CloseCharge) -> None:
    """Close an attempt at its channel; when the money came first, take it."""
    async with installation.db.transaction(region_id, by="system:close_charge") as tx:
        attempt = await store.attempt_row(tx, wish.attempt_id)
    if attempt is None or attempt.state == AttemptState.PAID:
        return
    channel: Channel = installation.channels[attempt.channel]
    try:
        await channel.close_charge(str(attempt.id))
    except ChannelRefused as no:
        if no.provider_code != "charge_unknown":
            await _ask(installation, region_id, attempt)
            return
    said = ChargeAnswer(str(attempt.id), ChargeState.CLOSED, 0)
    await _write(installation, region_id, attempt, said, "closure")


@carries(AskCharge)
async def ask_channel(installation: Installation, region_id: int, wish: AskCharge) -> None:
    """Ask how an attempt stands and write the answer, as if its notice had come."""
    async with installation.db.transaction(region_id, by="system:ask_charge") as tx:
        attempt = await store.attempt_row(tx, wish.attempt_id)
    if attempt is not None and attempt.state not in (AttemptState.PAID, AttemptState.CLOSED):
        await _ask(installation, region_id, attempt)


async def _ask(installation: Installation, region_id: int, attempt: AttemptRow) -> None:
    channel: Channel = installation.channels[attempt.channel]
    try:
        said = await channel.query_charge(str(attempt.id))
    except ChannelRefused as no:
        if no.provider_code == "charge_unknown" and attempt.state == AttemptState.OPENING:
            return  # the wish to open it is still on its way
        raise
    await _write(installation, region_id, attempt, said, "poll")


async def _write(
    installation: Installation, region_id: int, attempt: AttemptRow, said: ChargeAnswer, source: str
) -> None:
    if said.state is ChargeState.UNPAID:
        return
    word = Word.PAID if said.state is ChargeState.PAID else Word.CLOSED
    now = installation.clock.now()
    answer = Answer(
        word, attempt.channel, str(attempt.id), said.amount_fen, said.provider_no or "", said.paid_at or now, source
    )

    async def written(tx: Tx) -> None:
        await record_charge_answer(tx, answer=answer)

    await installation.db.run(written, region_id, by=f"system:{source}")

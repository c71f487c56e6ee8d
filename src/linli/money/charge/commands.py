"""What happens to charges: opened, offered, paid (whoever says so), tried again, closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from linli.kernel.ids import day_of
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.money.charge import queries, store
from linli.money.charge.events import AskCharge, ChargeClosed, ChargePaid, CloseCharge, OpenCharge
from linli.money.charge.model import (
    ATTEMPT,
    CHANNELS,
    CHARGE,
    AttemptState,
    ChargeState,
    ChargeValue,
)
from linli.money.charge.records import AttemptRow, ChargeRow
from linli.money.charge.rules import judge_payment, poll_after, shares_fit
from linli.money.ledger.commands import record
from linli.money.ledger.model import Entry, EntryKind
from linli.money.ledger.queries import register_agreement
from linli.money.notice.commands import quarantine
from linli.money.notice.model import Answer, Verdict, Word
from linli.money.notice.rules import doubt, number_id
from linli.platform.database import Tx
from linli.platform.machines import move

POLLED_AT_ONCE = 500


class UnknownChannel(BadInput):
    """There is no payment channel of this name."""

    title = "没有这个支付方式"


class SharesDoNotFit(BadInput):
    """The orders' shares are not positive or do not sum to the amount."""

    title = "金额与订单不符"


class NoSuchCharge(NotFound):
    """There is no such charge, or none of the asker's."""

    title = "没有这笔收款"


class ChargeExpired(Conflict):
    """The time to pay is over."""

    title = "支付已超时"


class ChargeNotOpen(Conflict):
    """The charge is closed: money is not taken for it any more."""

    title = "收款已关闭"


class ConfirmedByProvider(Conflict):
    """Only the provider may say that this charge was paid."""

    title = "该支付方式不能人工确认"


class WrongAmountConfirmed(Conflict):
    """The confirmed amount is not the amount owed; facts: owed_fen."""

    title = "确认金额与应收不符"


async def open_charge(
    tx: Tx,
    *,
    amount_fen: int,
    orders: Mapping[int, int],
    member_id: int,
    channel: str,
    description: str,
    expires_at: datetime,
    day: date,
    cycle_id: int = 0,
    station_id: int = 0,
    scene: str = "",
    payer: str = "",
) -> ChargeValue:
    """Ask a member for fen for orders of one delivery day; a job opens it at the channel, offline it is payable now.

    `cycle_id` and `station_id` are where the ledger books it; `scene` and `payer` are what the provider must know.
    Refuses UnknownChannel, SharesDoNotFit, ChargeExpired.
    """
    if channel not in CHANNELS:
        raise UnknownChannel(f"no channel {channel}", channel=channel)
    if not shares_fit(amount_fen, orders):
        raise SharesDoNotFit("the shares must be positive and sum to the amount", amount_fen=amount_fen)
    if expires_at <= tx.now:
        raise ChargeExpired("it would be over before it begins")
    charge_id, attempt_id = await tx.new_ids(2, day)
    row = {
        "region_id": tx.region_id, "biz_date": day, "id": charge_id, "state": ChargeState.OPENING.value,
        "channel": channel,
        "member_id": member_id, "cycle_id": cycle_id, "station_id": station_id, "amount_fen": amount_fen, "paid_fen": 0,
        "refunded_fen": 0, "refunds": 0, "next_refund_at": None, "description": description[:100], "made_at": tx.now,
        "expires_at": expires_at, "paid_at": None, "late": False, "closed_because": "", "attempt_id": attempt_id,
        "paid_attempt_id": None, "pay_url": None, "pay_params": None, "scene": scene[:20], "payer": payer[:128],
    }  # fmt: skip
    await store.add_charge(tx, row, orders)
    await _add_attempt(tx, attempt_id, charge_id, 1, channel, amount_fen, expires_at)
    if CHANNELS[channel].by_person:
        await offer(tx, attempt_id=attempt_id, pay_url=None)
    state = ChargeState.PAYABLE if CHANNELS[channel].by_person else ChargeState.OPENING
    return ChargeValue(
        charge_id, state, channel, member_id, amount_fen, 0, 0, dict(orders), description[:100], expires_at, None,
        False, None, attempt_id,
    )  # fmt: skip


async def _add_attempt(
    tx: Tx, id: int, charge_id: int, number: int, channel: str, amount_fen: int, expires_at: datetime
) -> None:
    by_person = CHANNELS[channel].by_person
    row = {
        "region_id": tx.region_id, "biz_date": day_of(id), "id": id, "charge_id": charge_id, "number": number,
        "state": AttemptState.OPENING.value, "channel": channel, "amount_fen": amount_fen, "made_at": tx.now,
        "expires_at": expires_at, "polls": 0, "next_poll_at": None if by_person else tx.now + poll_after(0),
        "reopen": False, "provider_no": "",
    }  # fmt: skip
    await store.add_attempt(tx, row)
    if not by_person:
        await tx.enqueue(OpenCharge(id))


async def the_charge(tx: Tx, *, charge_id: int, member_id: int | None = None) -> ChargeValue:
    """Return a charge (of a member when one is given) or refuse NoSuchCharge."""
    found = await (
        queries.charge(tx, charge_id) if member_id is None else queries.charge_of_member(tx, charge_id, member_id)
    )
    if found is None:
        raise NoSuchCharge(f"no charge {charge_id}")
    return found


async def offer(tx: Tx, *, attempt_id: int, pay_url: str | None, pay_params: Mapping[str, str] | None = None) -> None:
    """Write that an attempt stands open at its channel; one that was given up meanwhile is closed there again."""
    attempt, charge = await _both(tx, attempt_id)
    if attempt.state == AttemptState.OPENING:
        await _move_attempt(tx, attempt, "open")
    elif attempt.state in (AttemptState.CLOSING, AttemptState.CLOSED):
        await tx.enqueue(CloseCharge(attempt_id))
    if charge.state == ChargeState.OPENING and charge.attempt_id == attempt_id:
        await _move_charge(tx, charge, "offer", {"pay_url": pay_url, "pay_params": dict(pay_params or {}) or None})


async def record_charge_answer(tx: Tx, *, answer: Answer) -> Verdict:
    """Take what was said about a channel number, from whichever side and however often it comes; returns the verdict.

    What cannot be is quarantined for a person and changes nothing.
    """
    verdict = await _judged(tx, answer)
    await quarantine(tx, answer=answer, verdict=verdict)
    return verdict


async def _judged(tx: Tx, answer: Answer) -> Verdict:
    try:
        attempt, charge = await _both(tx, number_id(answer.number))
    except (BadInput, NoSuchCharge):
        return Verdict.UNKNOWN_NUMBER
    if answer.word is Word.CLOSED:
        return await _take_closed(tx, attempt, charge)
    doubted = doubt(answer, channel=attempt.channel, amount_fen=attempt.amount_fen)
    if doubted is not None:
        return doubted
    verdict = Verdict(judge_payment(AttemptState(attempt.state), ChargeState(charge.state)))
    if verdict in (Verdict.TAKEN, Verdict.LATE):
        await _take_payment(tx, attempt, charge, answer)
    return verdict


async def _take_payment(tx: Tx, attempt: AttemptRow, charge: ChargeRow, answer: Answer) -> None:
    late = charge.state == ChargeState.CLOSED
    await _move_attempt(tx, attempt, "pay", {"provider_no": answer.provider_no, "next_poll_at": None}, answer.source)
    paid = {"paid_fen": charge.amount_fen, "paid_at": answer.happened_at, "late": late, "paid_attempt_id": attempt.id}
    await _move_charge(tx, charge, "pay", paid, answer.source)
    orders = await store.pay_shares(tx, charge.id)
    entries = [
        Entry(
            EntryKind.PAID,
            fen,
            "charge",
            charge.id,
            str(order_id),
            cycle_id=charge.cycle_id,
            station_id=charge.station_id,
            provider=charge.channel,
        )
        for order_id, fen in orders.items()
    ]
    await record(tx, entries=entries)
    told = {str(id): fen for id, fen in orders.items()}
    await tx.announce(
        ChargePaid(charge.id, told, charge.member_id, charge.channel, answer.happened_at.isoformat(), late)
    )
    alone = attempt.number == 1 and attempt.id == charge.attempt_id
    for other in [] if alone else await store.attempts_of(tx, charge.id):
        if other.id != attempt.id and other.state in (AttemptState.OPENING, AttemptState.OPEN):
            await _move_attempt(tx, other, "begin_close")
            await tx.enqueue(CloseCharge(other.id))


async def _take_closed(tx: Tx, attempt: AttemptRow, charge: ChargeRow) -> Verdict:
    if attempt.state == AttemptState.PAID:
        return Verdict.CONTRADICTION
    if attempt.state == AttemptState.CLOSED:
        return Verdict.REPEATED
    await _move_attempt(tx, attempt, "close", {"next_poll_at": None})
    if charge.state in (ChargeState.OPENING, ChargeState.PAYABLE) and charge.attempt_id == attempt.id:
        if tx.now >= charge.expires_at:
            await _close(tx, charge, "expired")
        elif attempt.reopen:
            await _try_again(tx, charge, attempt)
    return Verdict.TAKEN


async def retry_charge(tx: Tx, *, charge_id: int) -> ChargeValue:
    """Give the member a new chance to pay, under a new channel number made only after the old one is closed there.

    An attempt whose opening is still unanswered keeps its number. Refuses NoSuchCharge, ChargeNotOpen, ChargeExpired.
    """
    charge = await _locked(tx, charge_id)
    if charge.state == ChargeState.CLOSED:
        raise ChargeNotOpen("the charge is closed")
    if tx.now >= charge.expires_at:
        raise ChargeExpired("the time to pay is over")
    attempt = await store.attempt_row(tx, charge.attempt_id)
    assert attempt is not None
    if charge.state == ChargeState.PAYABLE and not CHANNELS[charge.channel].by_person:
        if attempt.state == AttemptState.CLOSED:
            await _try_again(tx, charge, attempt)
        else:
            if await _move_attempt(tx, attempt, "begin_close"):
                await tx.enqueue(CloseCharge(attempt.id))
            await store.set_reopen(tx, attempt.id)
    return await the_charge(tx, charge_id=charge_id)


async def _try_again(tx: Tx, charge: ChargeRow, old: AttemptRow) -> None:
    attempt_id = await tx.new_id(charge.biz_date)
    await _add_attempt(tx, attempt_id, charge.id, old.number + 1, charge.channel, charge.amount_fen, charge.expires_at)
    if charge.state == ChargeState.PAYABLE:
        await _move_charge(tx, charge, "reopen", {"attempt_id": attempt_id, "pay_url": None, "pay_params": None})


async def confirm_offline(tx: Tx, *, charge_id: int, amount_fen: int) -> ChargeValue:
    """Write that a person received the cash or transfer of an offline charge; twice is once.

    Refuses NoSuchCharge, ConfirmedByProvider, WrongAmountConfirmed and ChargeNotOpen.
    """
    charge = await _locked(tx, charge_id)
    if not CHANNELS[charge.channel].by_person:
        raise ConfirmedByProvider(f"a charge by {charge.channel} is confirmed by its provider", channel=charge.channel)
    if amount_fen != charge.amount_fen:
        raise WrongAmountConfirmed("another amount is owed", owed_fen=charge.amount_fen)
    if charge.state == ChargeState.CLOSED:
        raise ChargeNotOpen("the charge is closed; do not take money for it")
    said = Answer(Word.PAID, charge.channel, str(charge.attempt_id), amount_fen, "", tx.now, f"person:{tx.by}")
    await record_charge_answer(tx, answer=said)
    return await the_charge(tx, charge_id=charge_id)


async def close_charge(tx: Tx, *, charge_id: int, reason: str) -> bool:
    """Stop asking for a charge, here at once and at the channel by a job; False when it was closed before.

    Money that arrives nevertheless is taken as late. Refuses NoSuchCharge, and WrongState for a paid charge.
    """
    return await _close(tx, await _locked(tx, charge_id), reason)


async def _close(tx: Tx, charge: ChargeRow, reason: str) -> bool:
    if not await _move_charge(
        tx, charge, "close", {"closed_because": reason, "pay_url": None, "pay_params": None}, reason
    ):
        return False
    for attempt in await store.attempts_of(tx, charge.id):
        if attempt.state in (AttemptState.OPENING, AttemptState.OPEN):
            if CHANNELS[charge.channel].by_person:
                await _move_attempt(tx, attempt, "close")
            else:
                await _move_attempt(tx, attempt, "begin_close")
                await tx.enqueue(CloseCharge(attempt.id))
    orders = (await store.shares_of(tx, [charge.id]))[charge.id]
    await tx.announce(ChargeClosed(charge.id, {str(id): fen for id, fen in orders.items()}, reason))
    return True


async def give_up_attempt(tx: Tx, *, attempt_id: int, reason: str) -> None:
    """Write that the channel refused to open an attempt for good: the attempt and its charge are closed."""
    attempt, charge = await _both(tx, attempt_id)
    if attempt.state in (AttemptState.OPENING, AttemptState.CLOSING):
        await _move_attempt(tx, attempt, "close", {"next_poll_at": None}, reason)
    if charge.state == ChargeState.OPENING and charge.attempt_id == attempt_id:
        await _close(tx, charge, reason)


async def ask_unanswered(tx: Tx) -> int:
    """Wish to ask the channels about attempts that were not answered in time; returns how many."""
    ids = await store.take_unanswered(tx, POLLED_AT_ONCE)
    await tx.enqueue(*(AskCharge(id) for id in ids))
    return len(ids)


async def _locked(tx: Tx, charge_id: int) -> ChargeRow:
    charge = await store.locked_charge(tx, charge_id)
    if charge is None:
        raise NoSuchCharge(f"no charge {charge_id}")
    return charge


async def _both(tx: Tx, attempt_id: int) -> tuple[AttemptRow, ChargeRow]:
    """Lock an attempt's charge, then the attempt, and return both as they stand under the locks."""
    found = await store.locked_pair(tx, attempt_id)
    if found is None:
        raise NoSuchCharge(f"no attempt {attempt_id}")
    charge, attempt = found
    return attempt, charge


async def _move_attempt(
    tx: Tx, row: AttemptRow, verb: str, values: dict[str, Any] | None = None, reason: str = ""
) -> bool:
    return await move(
        tx, AttemptRow, ATTEMPT, verb, key={"biz_date": row.biz_date, "id": row.id}, values=values, reason=reason
    )


async def _move_charge(
    tx: Tx, row: ChargeRow, verb: str, values: dict[str, Any] | None = None, reason: str = ""
) -> bool:
    return await move(
        tx, ChargeRow, CHARGE, verb, key={"biz_date": row.biz_date, "id": row.id}, values=values, reason=reason
    )


register_agreement("charges", queries.charges_agree)

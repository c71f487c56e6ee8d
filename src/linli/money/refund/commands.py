"""What happens to refunds: wished within what was paid, sent, told about, retried, buried, paid back by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NoReturn

from linli.kernel.ids import day_of
from linli.kernel.machine import WrongState
from linli.kernel.refusals import BadInput, Conflict, NotFound
from linli.money.charge import store as charges
from linli.money.charge.commands import NoSuchCharge
from linli.money.charge.model import CHANNELS, ChargeState
from linli.money.charge.records import ChargeRow
from linli.money.charge.rules import poll_after
from linli.money.ledger.commands import record
from linli.money.ledger.model import Entry, EntryKind
from linli.money.ledger.queries import register_agreement
from linli.money.notice.commands import quarantine
from linli.money.notice.model import Answer, Verdict, Word
from linli.money.notice.rules import doubt, number_id
from linli.money.refund import queries, store
from linli.money.refund.events import AskRefund, RefundDone, RefundStuck, SendRefund
from linli.money.refund.model import REFUND, RefundState, RefundValue
from linli.money.refund.records import RefundRow
from linli.money.refund.rules import FINAL_NOS, MOST_TRIES, round_of, wait_after
from linli.money.refund.settings import limits_of
from linli.platform.database import Tx
from linli.platform.machines import move

CHASED_AT_ONCE = 200
LOST_AFTER = timedelta(hours=1)
MOST_ROUNDS = 5
STUCK = "the provider waits for a person: the payer's account or card takes no money"
TOO_OLD = "the provider gives nothing back so long after the payment: pay it back another way"


class NoSuchRefund(NotFound):
    """There is no such refund in this region."""

    title = "没有这笔退款"


class RefundAmountWrong(BadInput):
    """A refund gives back at least one fen."""

    title = "退款金额有误"


class RefundContradicts(Conflict):
    """A refund of this origin exists with another amount or for another order."""

    title = "退款与已有记录矛盾"


class NothingPaidYet(Conflict):
    """The charge was not paid: there is nothing to give back."""

    title = "尚未支付，无可退款"


class RefundExceedsPaid(Conflict):
    """More would go back than came and is still there; facts: left_fen."""

    title = "退款超过可退金额"


class TooManyRefunds(Conflict):
    """The provider allows no more partial refunds of this charge; facts: most."""

    title = "该笔收款的退款次数已达上限"


class NotPaidBackByHand(Conflict):
    """The provider works on this refund, or may have done it: whoever pays it by hand would perhaps pay twice."""

    title = "渠道退款处理中，不能登记人工退款"


async def refund(
    tx: Tx, *, charge_id: int, order_id: int, amount_fen: int, reason: str, ref_kind: str, ref_id: int, part: str = ""
) -> int:
    """Give back fen of an order's share of a paid charge, once per origin; returns the refund's id; a job sends it.

    After the provider's time limit it goes to a person at once. Refuses RefundAmountWrong, NoSuchCharge,
    NothingPaidYet, RefundExceedsPaid, TooManyRefunds and RefundContradicts.
    """
    if amount_fen <= 0:
        raise RefundAmountWrong("a refund gives back at least one fen", amount_fen=amount_fen)
    charge = await charges.charge_row(tx, charge_id)
    if charge is None:
        raise NoSuchCharge(f"no charge {charge_id}")
    refund_id = await tx.new_id(day_of(charge_id))
    row = _fresh(tx, refund_id, charge, order_id, amount_fen, reason) | {
        "ref_kind": ref_kind,
        "ref_id": ref_id,
        "part": part,
    }
    if charge.state != ChargeState.PAID or not await store.add_refund(tx, row):
        return await _earlier(tx, charge_id, order_id, amount_fen, (ref_kind, ref_id, part))
    limits = await limits_of(tx, charge.channel)
    send_at = await charges.reserve_refund(tx, charge_id, order_id, amount_fen, limits.gap, limits.most)
    if send_at is None:
        await _refuse_reservation(tx, charge_id, order_id, limits.most)
    if limits.span is not None and charge.paid_at is not None and tx.now > charge.paid_at + limits.span:
        await _bury(tx, await _locked(tx, refund_id), TOO_OLD)
        return refund_id
    await tx.enqueue(SendRefund(refund_id), due_at=send_at)
    await store.change_refund(tx, refund_id, next_at=send_at + LOST_AFTER)
    return refund_id


def _fresh(tx: Tx, id: int, charge: ChargeRow, order_id: int, amount_fen: int, reason: str) -> dict[str, Any]:
    return {
        "region_id": tx.region_id, "id": id, "state": RefundState.WISHED.value, "charge_id": charge.id,
        "order_id": order_id, "attempt_id": charge.paid_attempt_id, "channel": charge.channel, "amount_fen": amount_fen,
        "total_fen": charge.amount_fen, "reason": reason[:80], "cycle_id": charge.cycle_id,
        "station_id": charge.station_id, "made_at": tx.now, "by": tx.by,
        "round": 1, "tries": 0, "next_at": None, "unclear": False,
        "trouble": "", "provider_no": "", "done_at": None, "paid_back_by": "",
    }  # fmt: skip


async def _earlier(tx: Tx, charge_id: int, order_id: int, amount_fen: int, ref: tuple[str, int, str]) -> int:
    found = await store.refund_of_ref(tx, *ref)
    if found is None:
        raise NothingPaidYet("the charge was not paid", charge_id=str(charge_id))
    if (found.charge_id, found.order_id, found.amount_fen) != (charge_id, order_id, amount_fen):
        raise RefundContradicts(
            "refunded before with another amount or order", refund_id=str(found.id), amount_fen=found.amount_fen
        )
    return found.id


async def _refuse_reservation(tx: Tx, charge_id: int, order_id: int, most: int | None) -> NoReturn:
    charge = await charges.charge_row(tx, charge_id)
    share = await charges.share_row(tx, charge_id, order_id)
    if most is not None and charge is not None and charge.refunds >= most:
        raise TooManyRefunds(f"the provider allows {most} refunds of one charge", most=most)
    left = share.paid_fen - share.refunded_fen if share else 0
    raise RefundExceedsPaid("more than is left of what was paid", left_fen=left)


async def begin_sending(tx: Tx, *, refund_id: int) -> RefundRow | None:
    """Write that a refund is being sent now, before it is; returns it, or None when it needs no sending."""
    row = await _locked(tx, refund_id)
    if row.state not in (RefundState.WISHED, RefundState.FAILED, RefundState.SENDING):
        return None
    if row.next_at is not None and tx.now < row.next_at - LOST_AFTER:
        return None  # a stray wish: the one that counts is due later
    await _move(tx, row, "send")  # quiet when an earlier try ended without an answer: the same number again
    await store.change_refund(tx, refund_id, tries=row.tries + 1, next_at=tx.now + LOST_AFTER, unclear=True)
    return await _locked(tx, refund_id)


async def note_trouble(tx: Tx, *, refund_id: int, trouble: str, provider_code: str = "") -> None:
    """Write that a try brought nothing: the same number comes back later, or a person is asked when that is useless."""
    row = await _locked(tx, refund_id)
    if row.state != RefundState.SENDING:
        return  # a notice was faster
    await store.change_refund(tx, refund_id, unclear=not provider_code)
    if provider_code in FINAL_NOS or row.tries >= MOST_TRIES:
        await _bury(tx, row, trouble)
        return
    again_at = tx.now + wait_after(row.tries)
    if provider_code:
        await _move(tx, row, "fail", trouble=trouble[:500])
    await store.change_refund(tx, refund_id, trouble=trouble[:500], next_at=again_at + LOST_AFTER)
    await tx.enqueue(SendRefund(refund_id), due_at=again_at)


async def note_accepted(tx: Tx, *, refund_id: int, provider_no: str) -> None:
    """Write that the channel took the refund on; from now on it is asked about until it is done."""
    row = await _locked(tx, refund_id)
    if row.state == RefundState.SENDING:
        next_at = None if CHANNELS[row.channel].by_person else tx.now + poll_after(0)
        await _move(tx, row, "accept", provider_no=provider_no, trouble="", tries=0, next_at=next_at)


async def record_refund_answer(tx: Tx, *, answer: Answer) -> Verdict:
    """Take what was said about a refund number, from whichever side and however often it comes; returns the verdict."""
    verdict = await _judged(tx, answer)
    await quarantine(tx, answer=answer, verdict=verdict)
    return verdict


async def _judged(tx: Tx, answer: Answer) -> Verdict:
    try:
        row = await _locked(tx, number_id(answer.number))
    except (BadInput, NoSuchRefund):
        return Verdict.UNKNOWN_NUMBER
    named = round_of(answer.number)
    if not 0 < named <= row.round:
        return Verdict.UNKNOWN_NUMBER
    doubted = doubt(answer, channel=row.channel, amount_fen=row.amount_fen)
    if doubted is not None:
        return doubted
    if answer.word is Word.REFUNDED:
        return await _take_done(tx, row, answer, named)
    if answer.word is Word.REFUND_STUCK:
        return await _take_stuck(tx, row, named)
    return await _take_failed(tx, row, answer, named)


async def _take_stuck(tx: Tx, row: RefundRow, named: int) -> Verdict:
    """Give a refund that waits for a person at the provider to ours; its number stays, a new one could pay twice."""
    if row.state == RefundState.DONE:
        return Verdict.CONTRADICTION
    if named < row.round or row.state == RefundState.DEAD:
        return Verdict.REPEATED
    await store.change_refund(tx, row.id, unclear=False)
    await _bury(tx, row, STUCK)
    return Verdict.TAKEN


async def _take_done(tx: Tx, row: RefundRow, answer: Answer, named: int) -> Verdict:
    if named != row.round or row.paid_back_by:
        return Verdict.CONTRADICTION  # a number that had failed for good, or one that a person paid back meanwhile
    if row.state == RefundState.DONE:
        return Verdict.REPEATED
    await _finish(tx, row, answer.happened_at, row.channel, provider_no=answer.provider_no)
    return Verdict.TAKEN


async def _take_failed(tx: Tx, row: RefundRow, answer: Answer, named: int) -> Verdict:
    if named < row.round:
        return Verdict.REPEATED
    if row.state == RefundState.DONE:
        return Verdict.CONTRADICTION
    if row.state not in (RefundState.SENDING, RefundState.ACCEPTED):
        return Verdict.REPEATED
    trouble, tries = "the provider could not give the money back", row.tries + 1
    await _move(tx, row, "fail", trouble=trouble, round=row.round + 1, tries=tries, unclear=False)
    if row.round >= MOST_ROUNDS:
        await _bury(tx, await _locked(tx, row.id), trouble)
        return Verdict.TAKEN
    again_at = tx.now + wait_after(row.round)
    await store.change_refund(tx, row.id, next_at=again_at + LOST_AFTER)
    await tx.enqueue(SendRefund(row.id), due_at=again_at)
    return Verdict.TAKEN


async def _finish(tx: Tx, row: RefundRow, at: datetime, way: str, **values: Any) -> None:
    await _move(tx, row, "finish", done_at=at, next_at=None, trouble="", **values)
    where = (row.cycle_id, row.station_id)
    entry = Entry(EntryKind.REFUNDED, row.amount_fen, "refund", row.id, "", *where, provider=way)
    await record(tx, entries=[entry])
    await tx.announce(RefundDone(row.id, row.charge_id, row.order_id, row.amount_fen, way))


async def _bury(tx: Tx, row: RefundRow, trouble: str) -> None:
    await _move(tx, row, "bury", trouble=trouble[:500], next_at=None)
    await tx.announce(RefundStuck(row.id, row.charge_id, row.order_id, row.amount_fen, row.channel, trouble[:500]))


async def retry_refund(tx: Tx, *, refund_id: int) -> RefundValue:
    """Send a dead refund again with fresh patience; quiet under way; refuses NoSuchRefund, WrongState when done."""
    row = await _locked(tx, refund_id)
    if row.state == RefundState.DONE:
        raise WrongState("the refund is done", machine=REFUND.name, state=row.state, verb="retry")
    if row.state == RefundState.DEAD:
        await _move(tx, row, "retry", tries=0, next_at=tx.now + LOST_AFTER)
        await tx.enqueue(SendRefund(refund_id))
    return queries.value_of(await _locked(tx, refund_id))


async def confirm_paid_back(tx: Tx, *, refund_id: int) -> RefundValue:
    """Write that a person gave the money back in cash or by transfer; twice is once.

    For offline refunds and dead ones; refuses NoSuchRefund, NotPaidBackByHand, WrongState when the provider did it.
    """
    row = await _locked(tx, refund_id)
    if row.state == RefundState.DONE:
        if not row.paid_back_by:
            raise WrongState("the provider gave the money back", machine=REFUND.name, state=row.state, verb="paid-back")
    elif CHANNELS[row.channel].by_person or (row.state == RefundState.DEAD and not row.unclear):
        await _finish(tx, row, tx.now, "offline", paid_back_by=tx.by)
    else:
        raise NotPaidBackByHand("ask the provider first (retry): it may have paid it back", state=row.state)
    return queries.value_of(await _locked(tx, refund_id))


async def chase_refunds(tx: Tx) -> int:
    """Wish to ask about accepted refunds, and to send again those whose sending was lost; returns how many."""
    rows = await store.take_overdue(tx, tx.now, CHASED_AT_ONCE)
    for row in rows:
        if row.state == RefundState.ACCEPTED:
            await tx.enqueue(AskRefund(row.id))
            await store.change_refund(tx, row.id, tries=row.tries + 1, next_at=tx.now + poll_after(row.tries + 1))
        else:
            await tx.enqueue(SendRefund(row.id))
            await store.change_refund(tx, row.id, next_at=tx.now + LOST_AFTER)
    return len(rows)


async def _locked(tx: Tx, refund_id: int) -> RefundRow:
    row = await store.refund_row(tx, refund_id, locked=True)
    if row is None:
        raise NoSuchRefund(f"no refund {refund_id}")
    return row


async def _move(tx: Tx, row: RefundRow, verb: str, **values: Any) -> bool:
    return await move(
        tx, RefundRow, REFUND, verb, key={"id": row.id}, values=values, reason=str(values.get("trouble", ""))
    )


register_agreement("refunds", queries.refunds_agree)

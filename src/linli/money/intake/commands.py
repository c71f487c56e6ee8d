"""The single place where notices, polls and bills end, and the time-driven search for answers that never came."""

from __future__ import annotations

from datetime import timedelta

from linli.money.charge.commands import ask_unanswered, record_charge_answer
from linli.money.notice import store
from linli.money.notice.commands import judge_notice
from linli.money.notice.model import Answer, Verdict, Word
from linli.money.refund.commands import chase_refunds, record_refund_answer
from linli.platform.database import Tx

LEFT_LYING = timedelta(minutes=1)
JUDGED_AT_ONCE = 100


async def record_answer(tx: Tx, *, answer: Answer) -> Verdict:
    """Take what a provider said about one of our numbers, in any order, any number of times; returns the verdict."""
    if answer.word in (Word.PAID, Word.CLOSED):
        return await record_charge_answer(tx, answer=answer)
    return await record_refund_answer(tx, answer=answer)


async def act_on_notice(tx: Tx, *, row_id: int) -> Verdict | None:
    """Act on a kept message once and write the verdict on it; None when that was done before."""
    told = await store.locked_unjudged(tx, row_id)
    if told is None:
        return None
    verdict = await record_answer(tx, answer=told)
    await judge_notice(tx, row_id=row_id, channel=told.channel, verdict=verdict)
    return verdict


async def poll_unanswered(tx: Tx) -> int:
    """Go after answers that did not come: ask about charges and refunds, act on messages left lying; returns how many.

    Time-driven; safe to repeat, and with two workers at once.
    """
    asked = await ask_unanswered(tx) + await chase_refunds(tx)
    lying = await store.unjudged(tx, tx.now - LEFT_LYING, JUDGED_AT_ONCE)
    for row_id in lying:
        await act_on_notice(tx, row_id=row_id)
    return asked + len(lying)

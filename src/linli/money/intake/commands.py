"""The single place where notices, polls and bills end, and the time-driven search for answers that never came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from linli.money.charge.commands import ask_unanswered, record_charge_answer
from linli.money.charge.events import ChargePaid
from linli.money.charge.model import ATTEMPT, CHARGE, AttemptState, ChargeState
from linli.money.charge.records import AttemptRow, ChargeRow
from linli.money.intake import store
from linli.money.ledger.commands import record
from linli.money.ledger.model import Entry, EntryKind
from linli.money.notice import store as notices
from linli.money.notice.commands import judge_notice, judge_notices
from linli.money.notice.model import Answer, Verdict, Word
from linli.money.notice.rules import doubt, home_of, number_id
from linli.money.refund.commands import chase_refunds, record_refund_answer
from linli.platform.database import Tx
from linli.platform.machines import move_many

LEFT_LYING = timedelta(seconds=2)
JUDGED_AT_ONCE = 500
OTHERS_AT_ONCE = 20
WAITING = (AttemptState.OPENING, AttemptState.OPEN)
TOGETHER = "notices of a rush"


async def record_answer(tx: Tx, *, answer: Answer) -> Verdict:
    """Take what a provider said about one of our numbers, in any order, any number of times; returns the verdict."""
    if answer.word in (Word.PAID, Word.CLOSED):
        return await record_charge_answer(tx, answer=answer)
    return await record_refund_answer(tx, answer=answer)


async def act_on_notice(tx: Tx, *, row_id: int) -> Verdict | None:
    """Act on a kept message once and write the verdict on it; None when that was done before."""
    told = await notices.locked_unjudged(tx, row_id)
    if told is None:
        return None
    verdict = await record_answer(tx, answer=told)
    await judge_notice(tx, row_id=row_id, channel=told.channel, verdict=verdict)
    return verdict


async def poll_unanswered(tx: Tx) -> int:
    """Go after answers that did not come: ask about charges and refunds, act on messages left lying; returns how many.

    Time-driven; safe to repeat, and with two workers at once.
    """
    return await ask_unanswered(tx) + await chase_refunds(tx) + await act_on_lying(tx)


async def act_on_lying(tx: Tx) -> int:
    """Act on messages that were kept in a rush or whose keeper died; returns how many; two workers take different ones.

    Ordinary payments are taken together. The others follow when none of those are left, a few at a time from a place
    that turns with the clock: one that always fails keeps its neighbours waiting, and no others.
    """
    lying = await notices.locked_lying(tx, tx.now - LEFT_LYING, JUDGED_AT_ONCE)
    verdicts = await _take_ordinary(tx, lying)
    if not verdicts and lying:
        rest = sorted(lying)
        first = int(tx.now.timestamp()) % len(rest)
        for row_id in (rest[first:] + rest[:first])[:OTHERS_AT_ONCE]:
            verdicts[row_id] = await record_answer(tx, answer=lying[row_id])
    await judge_notices(tx, verdicts={row_id: (lying[row_id].channel, verdict) for row_id, verdict in verdicts.items()})
    return len(verdicts)


async def _take_ordinary(tx: Tx, lying: Mapping[int, Answer]) -> dict[int, Verdict]:
    """Take the payments that are as they should be, all at once; the verdicts on those, by row id."""
    of_attempt: dict[int, int] = {}
    for row_id, told in lying.items():
        if told.word is Word.PAID and home_of(told.number) == tx.region_id:
            of_attempt.setdefault(number_id(told.number), row_id)
    charges, attempts = await store.locked_with_attempts(tx, sorted(of_attempt)) if of_attempt else ({}, [])
    waiting = Counter(row.charge_id for row in attempts if row.state in WAITING)
    taken: dict[int, tuple[int, str, datetime]] = {}
    for row in attempts:
        said, charge = lying.get(of_attempt.get(row.id, 0)), charges[row.charge_id]
        alone = charge.state == ChargeState.PAYABLE and waiting[row.charge_id] == 1 and row.state in WAITING
        if said is not None and alone and doubt(said, channel=row.channel, amount_fen=row.amount_fen) is None:
            taken[row.id] = (row.charge_id, said.provider_no, said.happened_at)
    if taken:
        await _pay_together(
            tx, {charges[charge_id].id: charges[charge_id] for charge_id, _, _ in taken.values()}, taken
        )
    return {of_attempt[id]: Verdict.TAKEN for id in taken}


async def _pay_together(
    tx: Tx, charges: Mapping[int, ChargeRow], taken: Mapping[int, tuple[int, str, datetime]]
) -> None:
    """Do for many charges what a single payment does for one: attempt, charge, shares, sub-ledger, fact."""
    days = {charge.biz_date for charge in charges.values()}
    attempts = (AttemptRow.biz_date.in_(days), AttemptRow.id.in_(taken))
    await move_many(tx, AttemptRow, ATTEMPT, "pay", *attempts, values={"next_poll_at": None}, reason=TOGETHER)
    paid = {"paid_fen": ChargeRow.amount_fen, "late": False, "paid_attempt_id": ChargeRow.attempt_id}
    here = (ChargeRow.biz_date.in_(days), ChargeRow.id.in_(charges))
    await move_many(tx, ChargeRow, CHARGE, "pay", *here, values=paid, reason=TOGETHER)
    await store.write_told(tx, taken)
    shares: dict[int, dict[str, int]] = {id: {} for id in charges}
    entries = []
    for row in await store.pay_all_shares(tx, list(charges)):
        charge = charges[row.charge_id]
        shares[charge.id][str(row.order_id)] = row.amount_fen
        where = (charge.cycle_id, charge.station_id)
        entries.append(
            Entry(
                EntryKind.PAID, row.amount_fen, "charge", charge.id, str(row.order_id), *where, provider=charge.channel
            )
        )
    await record(tx, entries=entries)
    facts = [
        ChargePaid(id, shares[id], charges[id].member_id, charges[id].channel, at.isoformat(), False)
        for id, _, at in sorted(taken.values())
    ]
    await tx.announce(*facts)

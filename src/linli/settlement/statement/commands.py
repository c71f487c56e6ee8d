"""The weekly settlement: on Monday at 02:00 of the region, what is no longer frozen becomes available to its leader."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from linli import money, people
from linli.kernel.calendar import Period, week_of
from linli.platform.database import Tx
from linli.platform.settings import value_of
from linli.settlement.statement import store
from linli.settlement.statement.events import StatementMade
from linli.settlement.statement.settings import SETTLED_AT


async def make_statements(tx: Tx) -> int:
    """Settle the newest week that is due, once; returns how many statements were made; safe to race and to be late.

    A leader's free lines are released from pending to available; what the leader owes is recovered from them.
    """
    week = await _due_week(tx)
    if await store.is_settled(tx, week.label) or not await store.claim_week(tx, week.label):
        return 0
    by_leader: dict[int, list[int]] = defaultdict(list)
    for line in await store.free_lines(tx, tx.now):
        by_leader[line.leader_id].append(line.amount_fen)
    for leader_id in sorted(by_leader):
        await _settle(tx, leader_id, by_leader[leader_id], week.label)
    await store.note_week(tx, week.label, len(by_leader))
    return len(by_leader)


async def _due_week(tx: Tx) -> Period:
    """Return the week before the newest Monday 02:00 that has passed."""
    zone = (await people.clock_of(tx)).timezone
    minute = await value_of(tx, SETTLED_AT)
    running = week_of(tx.now - timedelta(minutes=minute), zone)
    return week_of(running.starts_at - timedelta(hours=12), zone)


async def _settle(tx: Tx, leader_id: int, amounts: list[int], week: str) -> None:
    released_fen = sum(amounts)
    statement_id = await tx.new_id()
    owed = await money.balance(tx, money.AccountKind.LEADER_RECEIVABLE, leader_id)
    recovered = min(owed, released_fen)
    row = {"id": statement_id, "leader_id": leader_id, "week": week, "lines": len(amounts)}
    await store.add_statement(tx, row | {"released_fen": released_fen, "recovered_fen": recovered})
    await store.close_lines(tx, leader_id, tx.now, statement_id)
    entries = [
        money.Entry("commission_released", released_fen, "statement", statement_id, owner_id=leader_id),
        money.Entry("claw_back_recovered", recovered, "statement", statement_id, owner_id=leader_id),
    ]
    await money.record(tx, entries=entries)
    await tx.announce(StatementMade(statement_id, leader_id, week, released_fen))
    facts = {"period": week, "amount_fen": released_fen - recovered}
    await people.notify(tx, to=f"leader:{leader_id}", event="statement.made", facts=facts)

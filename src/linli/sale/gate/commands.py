"""Opening, closing and reopening: exactly once each, whatever dies, races or sets its clock back."""

from __future__ import annotations

from datetime import datetime

from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx
from linli.platform.machines import move, move_many
from linli.sale.cycle import rules as cycle_rules
from linli.sale.cycle import store as cycles
from linli.sale.cycle.events import CycleClosed, CycleOpened, CycleReopened
from linli.sale.cycle.model import CYCLE, CycleState, CycleValue
from linli.sale.cycle.queries import NoSuchCycle, cycle, value
from linli.sale.cycle.records import Cycle
from linli.sale.gate import store


class NothingOffered(Conflict):
    """A cycle without offers is not opened."""

    title = "团期还没有商品"


class CutOffPassed(Conflict):
    """A cycle is opened only before its cut-off; facts: cut_off_at."""

    title = "已过截单时间"


class ReopenedTooLate(Conflict):
    """The new cut-off has passed, or leaves no time before the goods arrive."""

    title = "来不及重新开团"


class ReasonMissing(BadInput):
    """A reopening, or closing before the time, needs a reason."""

    title = "请填写原因"


async def open_due(tx: Tx) -> int:
    """Open every planned cycle that is due, offers something and has its cut-off ahead; returns how many."""
    due = (Cycle.opens_at <= tx.now, Cycle.cut_off_at > tx.now, store.offers_something())
    opened = await move_many(tx, Cycle, CYCLE, "open", *due)
    for cycle_id in opened:
        await _opened(tx, cycle_id)
    return len(opened)


async def close_due(tx: Tx) -> int:
    """Close every open cycle whose cut-off is reached, however long ago; returns how many; safe to race and repeat."""
    values = {"closings": Cycle.closings + 1, "closed_at": tx.now}
    closed = await move_many(tx, Cycle, CYCLE, "close", Cycle.cut_off_at <= tx.now, values=values)
    for cycle_id in closed:
        await _closed(tx, cycle_id)
    return len(closed)


async def open_now(tx: Tx, *, cycle_id: int) -> CycleValue:
    """Open a planned cycle ahead of its time; refuses NoSuchCycle, NothingOffered, CutOffPassed and WrongState."""
    row = await _locked(tx, cycle_id)
    if row.cut_off_at <= tx.now:
        raise CutOffPassed(cut_off_at=row.cut_off_at)
    if not await store.offered(tx, cycle_id):
        raise NothingOffered(f"cycle {cycle_id} offers nothing")
    opens_at = min(row.opens_at, tx.now)
    if await move(tx, Cycle, CYCLE, "open", key={"id": cycle_id}, values={"opens_at": opens_at}):
        await store.move_opening(tx, cycle_id, row.opens_at, opens_at)
        await _opened(tx, cycle_id)
    return await cycle(tx, cycle_id)


async def close_now(tx: Tx, *, cycle_id: int, reason: str) -> CycleValue:
    """Close an open cycle ahead of its cut-off; refuses NoSuchCycle, ReasonMissing and WrongState."""
    if not reason:
        raise ReasonMissing()
    await _locked(tx, cycle_id)
    values = {"closings": Cycle.closings + 1, "closed_at": tx.now}
    if await move(tx, Cycle, CYCLE, "close", key={"id": cycle_id}, values=values, reason=reason):
        await _closed(tx, cycle_id)
    return await cycle(tx, cycle_id)


async def reopen(tx: Tx, *, cycle_id: int, reason: str, until: datetime | None = None) -> CycleValue:
    """Take orders again in a closed cycle until an instant (its own cut-off by default).

    Possible only before it is bought for, which the machine guards. Refuses NoSuchCycle, ReasonMissing,
    ReopenedTooLate and WrongState.
    """
    if not reason:
        raise ReasonMissing()
    before = value(await _locked(tx, cycle_id))
    CYCLE.check(CycleState(before.state), "reopen")
    instants = cycle_rules.reopened_until(before, until, tx.now)
    if instants is None:
        raise ReopenedTooLate("the new cut-off is past, or too near to the arrival of the goods")
    if await move(tx, Cycle, CYCLE, "reopen", key={"id": cycle_id}, values=dict(instants), reason=reason):
        await store.move_closing(tx, cycle_id, before.cut_off_at, instants["cut_off_at"])
        await store.set_on_sale(tx, cycle_id, True)
        day = before.delivery_date.isoformat()
        await tx.announce(CycleReopened(cycle_id, day, instants["cut_off_at"].isoformat()))
    return await cycle(tx, cycle_id)


async def _locked(tx: Tx, cycle_id: int) -> Cycle:
    row = await cycles.locked(tx, cycle_id)
    if row is None:
        raise NoSuchCycle(f"no cycle {cycle_id}", cycle_id=cycle_id)
    return row


async def _opened(tx: Tx, cycle_id: int) -> None:
    await store.set_on_sale(tx, cycle_id, True)
    await tx.announce(CycleOpened(cycle_id, (await cycle(tx, cycle_id)).delivery_date.isoformat()))


async def _closed(tx: Tx, cycle_id: int) -> None:
    await store.set_on_sale(tx, cycle_id, False)
    found = await cycle(tx, cycle_id)
    await tx.announce(CycleClosed(cycle_id, found.delivery_date.isoformat(), found.closings))

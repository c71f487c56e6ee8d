"""Reading the sorting: totes, tasks, the board, and the one list that every paper is printed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from linli.kernel.ids import day_of
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.platform.planning import whole_cycle
from linli.warehouse.sorting import store
from linli.warehouse.sorting.model import ShareValue, SortedLine, TaskState, TaskValue, ToteValue, WaveValue
from linli.warehouse.sorting.records import SortItem, SortTask, Tote


class NoSuchTask(NotFound):
    """There is no such sorting task."""

    title = "没有这个分拣任务"


class NoSuchTote(NotFound):
    """There is no such tote."""

    title = "没有这个周转箱"


class WaveNotPlanned(NotFound):
    """The sorting of this cycle is not planned yet."""

    title = "分拣尚未安排"


async def totes(tx: Tx, cycle_id: int, *, station_id: int | None = None) -> list[ToteValue]:
    """Return the totes of a cycle with what is in them (or is to be), by station and code; empty ones are left out."""
    return await _totes(tx, Tote.cycle_id == cycle_id, *((Tote.station_id == station_id,) if station_id else ()))


async def tote(tx: Tx, code: str) -> ToteValue:
    """Return one tote by its code; refuses NoSuchTote, also for one that holds nothing."""
    found = await _totes(tx, Tote.code == code)
    if not found:
        raise NoSuchTote("no such tote", tote=code[:40])
    return found[0]


async def _totes(tx: Tx, *where: Any) -> list[ToteValue]:
    columns = [getattr(Tote, name) for name in ToteValue.__dataclass_fields__]
    chosen = select(*columns).where(Tote.region_id == tx.region_id, *where, Tote.pieces > 0)
    return [ToteValue(*row) for row in await tx.execute(chosen.order_by(Tote.station_id, Tote.code))]


async def wave(tx: Tx, cycle_id: int) -> WaveValue:
    """Return how far the sorting of a cycle is; refuses WaveNotPlanned."""
    row = await store.wave_of(tx, cycle_id)
    if row is None:
        raise WaveNotPlanned("the sorting of this cycle is not planned", cycle_id=str(cycle_id))
    finished = func.count().filter(SortTask.state == TaskState.FINISHED)
    sums = [func.coalesce(func.sum(part), 0) for part in (SortTask.planned, SortTask.sorted, SortTask.short)]
    of_wave = (SortTask.region_id == tx.region_id, SortTask.wave_id == row.id)
    found = (await tx.execute(select(func.count(), finished, *sums).where(*of_wave))).one()
    tasks, done, planned, sorted_, short = (int(each) for each in found)
    return WaveValue(
        row.id, row.cycle_id, row.state, row.totes, tasks, done, planned, sorted_, short, row.planned_at,
        row.finished_at,
    )  # fmt: skip


async def task(tx: Tx, task_id: int) -> TaskValue:
    """Return one task with its totes; refuses NoSuchTask."""
    row = await tx.first(select(SortTask).where(SortTask.region_id == tx.region_id, SortTask.id == task_id))
    if row is None:
        raise NoSuchTask(f"no task {task_id}")
    return (await _with_shares(tx, [row]))[0]


async def tasks(
    tx: Tx, *, cycle_id: int | None = None, worker_id: int | None = None, after: int | None = None, limit: int = 50
) -> list[TaskValue]:
    """Return a page of unfinished tasks (of a cycle); with a worker only those that are free or the worker's."""
    chosen = select(SortTask).where(SortTask.region_id == tx.region_id, SortTask.state != TaskState.FINISHED)
    if cycle_id is not None:
        chosen = chosen.where(SortTask.cycle_id == cycle_id)
    if worker_id is not None:
        chosen = chosen.where(SortTask.worker_id.in_([0, worker_id]))
    if after is not None:
        chosen = chosen.where(SortTask.id > after)
    return await _with_shares(tx, await tx.all(chosen.order_by(SortTask.id).limit(limit)))


async def _with_shares(tx: Tx, rows: Sequence[SortTask]) -> list[TaskValue]:
    found: dict[int, list[ShareValue]] = {row.id: [] for row in rows}
    for cycle_id in sorted({row.cycle_id for row in rows}):
        share = store.shares_of(tx, cycle_id, [row.id for row in rows if row.cycle_id == cycle_id]).subquery()
        columns = (
            share.c.task_id, share.c.tote_id, Tote.code, Tote.station_id, share.c.planned, share.c.sorted,
            share.c.short,
        )  # fmt: skip
        joined = (Tote.region_id == tx.region_id) & (Tote.id == share.c.tote_id)
        chosen = select(*columns).join(Tote, joined).order_by(share.c.task_id, Tote.code)
        async with whole_cycle(tx):
            for line in await tx.execute(chosen):
                found[line[0]].append(ShareValue(line[1], line[2], line[3], int(line[4]), line[5], line[6]))
    return [_task(row, found[row.id]) for row in rows]


def _task(row: SortTask, shares: Sequence[ShareValue]) -> TaskValue:
    plain = {name: getattr(row, name) for name in TaskValue.__dataclass_fields__ if name != "shares"}
    if row.state == TaskState.FINISHED:  # also where nobody scanned: what was not short lies in its tote
        shares = [replace(share, sorted=share.planned - share.short) for share in shares]
    return TaskValue(**plain, shares=tuple(shares))


async def sorted_lines(tx: Tx, cycle_id: int) -> list[SortedLine]:
    """Return what is in the totes of a cycle, line by line, by station, serial and line: the source of every paper.

    Refuses WaveNotPlanned.
    """
    if await store.wave_of(tx, cycle_id) is None:
        raise WaveNotPlanned("the sorting of this cycle is not planned", cycle_id=str(cycle_id))
    columns = (
        SortItem.station_id, SortItem.serial, SortItem.order_id, SortItem.member_id, SortItem.leader_id,
        SortItem.line_id, SortItem.tote_id, Tote.code, SortTask.sku_id, SortTask.name, SortTask.spec, SortTask.barcode,
        SortTask.storage_class, SortItem.quantity - SortItem.short,
    )  # fmt: skip
    chosen = (
        select(*columns)
        .join(Tote, (Tote.region_id == SortItem.region_id) & (Tote.id == SortItem.tote_id))
        .join(SortTask, (SortTask.region_id == SortItem.region_id) & (SortTask.id == SortItem.task_id))
        .where(SortItem.region_id == tx.region_id, SortItem.biz_date == day_of(cycle_id))
        .where(SortItem.cycle_id == cycle_id, SortItem.quantity > SortItem.short)
        .order_by(SortItem.station_id, SortItem.serial, SortItem.line_id, Tote.code)
    )
    async with whole_cycle(tx):
        return [SortedLine(*row) for row in await tx.execute(chosen)]

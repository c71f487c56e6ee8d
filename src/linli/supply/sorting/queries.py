"""Reading the sorting: totes, tasks, the board, and the one list that every paper is printed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from linli.kernel.ids import day_of
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx
from linli.supply.sorting import store
from linli.supply.sorting.model import ShareValue, SortedLine, TaskState, TaskValue, ToteValue, WaveValue
from linli.supply.sorting.records import SortItem, SortShare, SortTask, Tote


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
    pieces = SortShare.planned - SortShare.short
    sums = (func.sum(pieces), func.sum(pieces * SortTask.gross_g), func.sum(pieces * SortTask.volume_ml))
    key = (Tote.id, Tote.code, Tote.station_id, Tote.storage_class, Tote.state)
    chosen = (
        select(*key, *sums)
        .join(SortShare, (SortShare.region_id == Tote.region_id) & (SortShare.tote_id == Tote.id))
        .join(SortTask, (SortTask.region_id == SortShare.region_id) & (SortTask.id == SortShare.task_id))
        .where(Tote.region_id == tx.region_id, *where)
        .group_by(*key)
        .having(func.sum(pieces) > 0)
        .order_by(Tote.station_id, Tote.code)
    )
    return [
        ToteValue(row[0], row[1], row[2], row[3], int(row[5]), int(row[6]), int(row[7]), row[4])
        for row in await tx.execute(chosen)
    ]


async def wave(tx: Tx, cycle_id: int) -> WaveValue:
    """Return how far the sorting of a cycle is; refuses WaveNotPlanned."""
    row = await store.wave_of(tx, cycle_id)
    if row is None:
        raise WaveNotPlanned("the sorting of this cycle is not planned", cycle_id=str(cycle_id))
    of_wave = (SortTask.region_id == tx.region_id, SortTask.wave_id == row.id)
    finished = func.count().filter(SortTask.state == TaskState.FINISHED)
    tasks = (await tx.execute(select(func.count(), finished).select_from(SortTask).where(*of_wave))).one()
    joined = (SortTask.region_id == SortShare.region_id) & (SortTask.id == SortShare.task_id)
    sums = [func.coalesce(func.sum(part), 0) for part in (SortShare.planned, SortShare.sorted, SortShare.short)]
    chosen = select(func.count(SortShare.tote_id.distinct()), *sums).join(SortTask, joined)
    sums_of = (await tx.execute(chosen.where(SortShare.region_id == tx.region_id, *of_wave))).one()
    totes_used, planned, done, short = (int(each) for each in sums_of)
    return WaveValue(
        row.id, row.cycle_id, row.state, totes_used, tasks[0], tasks[1], planned, done, short, row.planned_at,
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
    joined = (Tote.region_id == SortShare.region_id) & (Tote.id == SortShare.tote_id)
    columns = (
        SortShare.task_id, SortShare.tote_id, Tote.code, Tote.station_id, SortShare.planned, SortShare.sorted,
        SortShare.short,
    )  # fmt: skip
    here = (SortShare.region_id == tx.region_id, Tote.region_id == tx.region_id)
    of_task = SortShare.task_id.in_([row.id for row in rows])
    chosen = select(*columns).join(Tote, joined).where(*here, of_task).order_by(SortShare.task_id, Tote.code)
    found: dict[int, list[ShareValue]] = {row.id: [] for row in rows}
    if rows:
        for share in await tx.execute(chosen):
            found[share[0]].append(ShareValue(*share[1:]))
    return [_task(row, found[row.id]) for row in rows]


def _task(row: SortTask, shares: list[ShareValue]) -> TaskValue:
    plain = {name: getattr(row, name) for name in TaskValue.__dataclass_fields__ if hasattr(row, name)}
    sums = {name: sum(getattr(share, name) for share in shares) for name in ("planned", "sorted", "short")}
    return TaskValue(**plain, **sums, shares=tuple(shares))


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
    return [SortedLine(*row) for row in await tx.execute(chosen)]

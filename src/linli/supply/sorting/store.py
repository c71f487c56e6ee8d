"""SQL of sorting; a task is locked before its scans are counted, the wave before it is finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from linli.kernel.ids import day_of
from linli.platform.database import Tx
from linli.supply.sorting.model import TaskState
from linli.supply.sorting.records import Scan, SortItem, SortShare, SortTask, Tote, Wave

CHUNK = 5_000


async def add_wave(tx: Tx, row: dict[str, Any]) -> bool:
    """Write a cycle's wave; False when there is one (waiting for a twin in flight)."""
    write = insert(Wave).values(region_id=tx.region_id, **row).on_conflict_do_nothing()
    return (await tx.execute(write.returning(Wave.id))).first() is not None


async def add_rows(tx: Tx, record: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Write totes, tasks, shares or items in chunks."""
    for at in range(0, len(rows), CHUNK):
        await tx.execute(insert(record), [{"region_id": tx.region_id, **row} for row in rows[at : at + CHUNK]])


async def wave_of(tx: Tx, cycle_id: int) -> Wave | None:
    """Return the wave of a cycle."""
    return await tx.first(select(Wave).where(Wave.region_id == tx.region_id, Wave.cycle_id == cycle_id))


async def lock_wave(tx: Tx, wave_id: int) -> None:
    """Lock a wave, so that of two workers who finish the last two tasks one sees both finished."""
    await tx.first(select(Wave).where(Wave.region_id == tx.region_id, Wave.id == wave_id).with_for_update())


async def locked_task(tx: Tx, task_id: int) -> SortTask | None:
    """Lock a task and return it."""
    here = (SortTask.region_id == tx.region_id, SortTask.id == task_id)
    return await tx.first(select(SortTask).where(*here).with_for_update())


async def set_worker(tx: Tx, task_id: int, worker_id: int) -> None:
    """Give a task to another worker."""
    here = (SortTask.region_id == tx.region_id, SortTask.id == task_id)
    await tx.execute(update(SortTask).where(*here).values(worker_id=worker_id))


async def unfinished_tasks(tx: Tx, wave_id: int) -> int:
    """Return how many tasks of a wave are not finished."""
    here = (SortTask.region_id == tx.region_id, SortTask.wave_id == wave_id, SortTask.state != TaskState.FINISHED)
    return int(await tx.scalar(select(func.count()).select_from(SortTask).where(*here)))


async def tote_by_code(tx: Tx, code: str) -> Tote | None:
    """Return the tote with a code."""
    return await tx.first(select(Tote).where(Tote.region_id == tx.region_id, Tote.code == code))


async def share(tx: Tx, task_id: int, tote_id: int) -> SortShare | None:
    """Return the share of a tote in a task, or None."""
    here = (SortShare.region_id == tx.region_id, SortShare.task_id == task_id, SortShare.tote_id == tote_id)
    return await tx.first(select(SortShare).where(*here))


async def scan_of(tx: Tx, task_id: int, scan_key: str) -> Scan | None:
    """Return the scan of a task with a key, or None."""
    here = (Scan.region_id == tx.region_id, Scan.task_id == task_id, Scan.scan_key == scan_key)
    return await tx.first(select(Scan).where(*here))


async def add_scan(tx: Tx, row: dict[str, Any]) -> None:
    """Write a scan and count its pieces into the tote; the table's constraints have the last word."""
    await tx.execute(insert(Scan).values(region_id=tx.region_id, at=tx.now, **row))
    here = (
        SortShare.region_id == tx.region_id,
        SortShare.task_id == row["task_id"],
        SortShare.tote_id == row["tote_id"],
    )
    await tx.execute(update(SortShare).where(*here).values(sorted=SortShare.sorted + row["quantity"]))


async def sort_all(tx: Tx, wave_id: int) -> None:
    """Take every planned piece of a wave as put into its tote."""
    tasks = select(SortTask.id).where(SortTask.region_id == tx.region_id, SortTask.wave_id == wave_id)
    where = (SortShare.region_id == tx.region_id, SortShare.task_id.in_(tasks))
    await tx.execute(update(SortShare).where(*where).values(sorted=SortShare.planned))


async def missing_shares(tx: Tx, task_id: int) -> list[tuple[int, int, int]]:
    """Return the totes of a task that lack pieces: tote, pieces in it, pieces missing."""
    here = (SortShare.region_id == tx.region_id, SortShare.task_id == task_id)
    lack = SortShare.planned - SortShare.sorted - SortShare.short
    chosen = select(SortShare.tote_id, SortShare.sorted, lack).where(*here, lack > 0).order_by(SortShare.tote_id)
    return [tuple(row) for row in await tx.execute(chosen)]


async def open_shares_of_tote(tx: Tx, tote_id: int) -> int:
    """Return how many pieces are still to be put into a tote."""
    here = (SortShare.region_id == tx.region_id, SortShare.tote_id == tote_id)
    lack = func.coalesce(func.sum(SortShare.planned - SortShare.sorted - SortShare.short), 0)
    return int(await tx.scalar(select(lack).where(*here)))


async def items_of(tx: Tx, task: SortTask, tote_ids: Sequence[int]) -> Sequence[SortItem]:
    """Return the order lines of a task in some totes."""
    here = (SortItem.region_id == tx.region_id, SortItem.biz_date == day_of(task.cycle_id))
    which = (SortItem.task_id == task.id, SortItem.tote_id.in_(tote_ids))
    return await tx.all(select(SortItem).where(*here, *which).order_by(SortItem.id))


async def set_short(tx: Tx, task: SortTask, shares: Mapping[int, int], items: Mapping[int, int]) -> None:
    """Note short pieces of a task by tote (all that lack) and by item (further ones)."""
    of_tote = update(SortShare).where(
        SortShare.region_id == bindparam("region_id_"),
        SortShare.task_id == bindparam("task_"),
        SortShare.tote_id == bindparam("tote_"),
    )
    same = {"region_id_": tx.region_id}
    rows = [{**same, "task_": task.id, "tote_": tote, "more_": count} for tote, count in sorted(shares.items())]
    await tx.execute(of_tote.values(short=SortShare.short + bindparam("more_")), rows)
    of_item = update(SortItem).where(
        SortItem.region_id == bindparam("region_id_"),
        SortItem.biz_date == bindparam("day_"),
        SortItem.id == bindparam("id_"),
    )
    day = day_of(task.cycle_id)
    lines = [{**same, "day_": day, "id_": id, "more_": count} for id, count in sorted(items.items()) if count]
    if lines:
        await tx.execute(of_item.values(short=SortItem.short + bindparam("more_")), lines)

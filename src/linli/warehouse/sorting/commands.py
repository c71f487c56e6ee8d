"""Planning a wave, sorting sku by sku into totes, and what happens when a pick comes out short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from linli import money, ordering, people, sale, supply
from linli.kernel.ids import day_of
from linli.kernel.refusals import Conflict
from linli.platform.database import Tx
from linli.platform.machines import move, move_all
from linli.platform.settings import value_of
from linli.warehouse.shortage.commands import StillReceiving, open_shortage
from linli.warehouse.shortage.model import LineAsked, Rule, Source
from linli.warehouse.shortage.queries import shortages_are_allocated
from linli.warehouse.sorting import store
from linli.warehouse.sorting.events import SortCycle, SortingFinished, WavePlanned
from linli.warehouse.sorting.model import TASK, TOTE, WAVE, TaskState, TaskValue, ToteValue
from linli.warehouse.sorting.queries import NoSuchTask, NoSuchTote, task, tote
from linli.warehouse.sorting.records import SortItem, SortTask, Tote, Wave
from linli.warehouse.sorting.rules import accepts
from linli.warehouse.sorting.settings import BY_SCAN
from linli.warehouse.sorting.settings import TOTE as TOTE_LIMITS


class TaskOfAnother(Conflict):
    """The task belongs to another worker."""

    title = "任务已分配给他人"


class TaskNotStarted(Conflict):
    """The task is not being worked on; facts: state."""

    title = "任务未开始或已完成"


class WrongBarcode(Conflict):
    """The scanned product is not the task's."""

    title = "商品条码不符"


class WrongTote(Conflict):
    """Nothing of this product belongs into the scanned tote, or the tote is sealed."""

    title = "周转箱不符"


class MoreThanPlanned(Conflict):
    """The tote would get more than its orders want; facts: left."""

    title = "超过应分数量"


class ScanKeyReused(Conflict):
    """The key of the scan stands for another scan."""

    title = "扫描编号重复"


class TaskIncomplete(Conflict):
    """Pieces are still to be sorted; say `short` when there are no more; facts: missing."""

    title = "还有商品未分拣"


class ToteIncomplete(Conflict):
    """Pieces are still to be put into the tote; facts: missing."""

    title = "周转箱尚未装齐"


async def plan_wave(tx: Tx, *, cycle_id: int) -> int:
    """Plan the sorting of a cycle: totes per station and storage class, a task per sku; returns the wave.

    Told twice it answers as before. Refuses StillReceiving until shortages are given out.
    """
    if not await shortages_are_allocated(tx, cycle_id):
        raise StillReceiving("what arrived is not given out yet", cycle_id=str(cycle_id))
    wave_id = await tx.new_id(day_of(cycle_id))
    row = {"id": wave_id, "cycle_id": cycle_id, "state": WAVE.initial, "planned_at": tx.now, "finished_at": None}
    if not await store.add_wave(tx, {**row, "totes": 0, "items": 0}):
        wave = await store.wave_of(tx, cycle_id)
        assert wave is not None
        return wave.id
    items, totes, tasks = await _fill(tx, wave_id, cycle_id)
    await store.note_size(tx, wave_id, items, totes)
    await sale.advance(tx, cycle_id=cycle_id, verb="sort")
    await tx.announce(WavePlanned(cycle_id, wave_id, totes, tasks))
    if not await value_of(tx, BY_SCAN):
        await _stand_ready(tx, wave_id)
    if not await store.unfinished_tasks(tx, wave_id):
        await _finish_wave(tx, wave_id, cycle_id)
    return wave_id


async def sort_cycle(tx: Tx, *, cycle_id: int) -> int:
    """Plan the sorting of a cycle as a step of its night; returns how many items go into totes."""
    await plan_wave(tx, cycle_id=cycle_id)
    wave = await store.wave_of(tx, cycle_id)
    assert wave is not None
    return wave.items


async def begin_sorting(tx: Tx, *, cycle_id: int) -> None:
    """Leave the wish that what arrived for a cycle is given out and its sorting planned."""
    await tx.enqueue(SortCycle(cycle_id))


async def _fill(tx: Tx, wave_id: int, cycle_id: int) -> tuple[int, int, int]:
    """Write the tasks, items and totes of a wave; returns how many there are of items, totes and tasks."""
    bound = (await supply.demand(tx, cycle_id)).pieces
    if not bound:
        return 0, 0, 0
    await store.add_tasks(tx, await _tasks(tx, wave_id, cycle_id))
    lines = ordering.lines_to_deliver(tx, cycle_id)
    items = await store.add_items(tx, wave_id, cycle_id, lines, await value_of(tx, TOTE_LIMITS), bound)
    totes = await store.add_totes(tx, wave_id, cycle_id)
    await store.count_tasks(tx, wave_id, cycle_id)
    return items, totes, await store.unfinished_tasks(tx, wave_id)


async def _tasks(tx: Tx, wave_id: int, cycle_id: int) -> list[dict[str, Any]]:
    offers = await sale.offers(tx, cycle_id)
    of_sku = {each.sku_id: offers[each.offer_id] for each in await supply.demand_by_sku(tx, cycle_id)}
    ids = await tx.new_ids(len(of_sku), day_of(cycle_id))
    return [
        {
            "id": id, "wave_id": wave_id, "cycle_id": cycle_id, "sku_id": sku_id, "offer_id": offer.id,
            "name": offer.product_name, "spec": offer.spec, "barcode": offer.barcode,
            "storage_class": str(offer.storage_class), "gross_g": offer.gross_g, "volume_ml": offer.volume_ml,
            "state": TASK.initial, "worker_id": 0, "started_at": None, "finished_at": None, "planned": 0, "sorted": 0,
            "short": 0,
        }
        for id, (sku_id, offer) in zip(ids, sorted(of_sku.items()), strict=True)
    ]  # fmt: skip


async def _stand_ready(tx: Tx, wave_id: int) -> None:
    """Take everything as sorted without a scan: without a warehouse, goods stand at the leader as they came."""
    await store.sort_all(tx, wave_id)
    for verb, values in (("start", {"started_at": tx.now}), ("finish", {"finished_at": tx.now})):
        await move_all(tx, SortTask, TASK, verb, SortTask.wave_id == wave_id, of=wave_id, values=values)
    await move_all(tx, Tote, TOTE, "seal", Tote.wave_id == wave_id, of=wave_id, values={"sealed_at": tx.now})


async def assign_task(tx: Tx, *, task_id: int, worker_id: int) -> TaskValue:
    """Give a task that nobody works on to a worker; refuses NoSuchTask and WrongState."""
    await _locked(tx, task_id)
    if not await move(tx, SortTask, TASK, "assign", key={"id": task_id}, values={"worker_id": worker_id}):
        await store.set_worker(tx, task_id, worker_id)
    return await task(tx, task_id)


async def start_task(tx: Tx, *, task_id: int, worker_id: int) -> TaskValue:
    """Let a worker begin a task that is free or its own; refuses NoSuchTask, TaskOfAnother and WrongState."""
    row = await _locked(tx, task_id)
    if row.worker_id not in (0, worker_id):
        raise TaskOfAnother("another worker has this task")
    values = {"worker_id": worker_id, "started_at": tx.now}
    if await move(tx, SortTask, TASK, "start", key={"id": task_id}, values=values):
        wave = await store.wave_of(tx, row.cycle_id)
        assert wave is not None
        await move(tx, Wave, WAVE, "start", key={"id": wave.id})
    return await task(tx, task_id)


async def scan(
    tx: Tx, *, task_id: int, worker_id: int, barcode: str, code: str, quantity: int, scan_key: str
) -> TaskValue:
    """Put pieces of a task's product into a tote; the same scan told twice counts once.

    Refuses NoSuchTask, TaskOfAnother, TaskNotStarted, WrongBarcode, WrongTote, MoreThanPlanned and ScanKeyReused.
    """
    row = await _locked(tx, task_id)
    if row.worker_id not in (0, worker_id):
        raise TaskOfAnother("another worker has this task")
    if not accepts(row.barcode, row.sku_id, barcode):
        raise WrongBarcode("this is not the product of the task", expected=row.barcode or str(row.sku_id))
    found = await store.tote_by_code(tx, code)
    before = await store.scan_of(tx, task_id, scan_key)
    if before is not None:
        if found is None or (before.tote_id, before.quantity) != (found.id, quantity):
            raise ScanKeyReused("this key stands for another scan")
        return await task(tx, task_id)
    if row.state != TaskState.STARTED:
        raise TaskNotStarted("the task is not being worked on", state=row.state)
    planned = await store.planned_into(tx, row, found) if found and found.state == TOTE.initial else 0
    if found is None or not planned:
        raise WrongTote("nothing of this product belongs into this tote", tote=code[:40])
    left = planned - await store.counted_into(tx, task_id, found.id)
    if quantity > left:
        raise MoreThanPlanned("the tote would get too many", left=left)
    given = {"task_id": task_id, "scan_key": scan_key, "tote_id": found.id, "quantity": quantity}
    await store.add_scan(tx, {**given, "worker_id": worker_id}, planned)
    return await task(tx, task_id)


async def finish_task(tx: Tx, *, task_id: int, worker_id: int, short: bool = False) -> TaskValue:
    """Finish a task; with `short` what is missing is taken as not there and refunded at once. Twice is quiet.

    The last task of a wave finishes it. Refuses NoSuchTask, TaskOfAnother, TaskNotStarted and TaskIncomplete.
    """
    row = await _locked(tx, task_id)
    if row.worker_id not in (0, worker_id):
        raise TaskOfAnother("another worker has this task")
    if row.state == TaskState.FINISHED:
        return await task(tx, task_id)
    if row.state != TaskState.STARTED:
        raise TaskNotStarted("the task is not being worked on", state=row.state)
    missing = await store.missing_shares(tx, row)
    if missing and not short:
        raise TaskIncomplete("pieces are still to be sorted", missing=sum(each[3] for each in missing))
    if missing:
        await _short_pick(tx, row, missing)
    await move(tx, SortTask, TASK, "finish", key={"id": task_id}, values={"finished_at": tx.now})
    await store.lock_wave(tx, row.wave_id)
    if not await store.unfinished_tasks(tx, row.wave_id):
        await _finish_wave(tx, row.wave_id, row.cycle_id)
    return await task(tx, task_id)


async def _short_pick(tx: Tx, row: SortTask, missing: Sequence[tuple[int, int, int, int]]) -> None:
    """Open a shortage for every tote that lacks pieces: what is in the tote is given out by the offer's rule.

    Tote by tote, because what lies in one tote is not taken out again for the orders of another.
    """
    offer = await sale.offer(tx, row.offer_id)
    items = await store.items_of(tx, row, [tote_id for tote_id, *_ in missing])
    rule = Rule(offer.shortage_rule)
    short: dict[int, int] = {}
    for tote_id, _, there, _ in missing:
        inside = {item.line_id: item for item in items if item.tote_id == tote_id}
        asked = await _asked(tx, row, list(inside.values()))
        shares = await open_shortage(
            tx,
            cycle_id=row.cycle_id,
            asked=asked,
            available=there,
            rule=rule,
            source=Source.SORTING,
        )
        short |= {inside[share.line_id].id: share.short for share in shares}
    await store.set_short(tx, row, missing, short)
    lost = sum(lack for *_, lack in missing) * offer.cost_fen
    entry = money.Entry(
        kind="goods_lost", amount_fen=lost, ref_kind="sorting_task", ref_id=row.id, cycle_id=row.cycle_id
    )
    await money.record(tx, entries=[entry])


async def _asked(tx: Tx, row: SortTask, items: Sequence[SortItem]) -> list[LineAsked]:
    """Return the lines of a tote as they ask for its pieces; `ordered` such that what lies elsewhere stays given."""
    asked = []
    for item in items:
        order = await ordering.order(tx, item.order_id)
        line = next(each for each in order.lines if each.id == item.line_id)
        wanted = item.quantity - item.short
        asked.append(
            LineAsked(
                item.line_id, item.order_id, item.member_id, item.leader_id, item.station_id, row.offer_id,
                row.sku_id, line.short_quantity + wanted, wanted, item.paid_at,
            )
        )  # fmt: skip
    return asked


async def _finish_wave(tx: Tx, wave_id: int, cycle_id: int) -> None:
    if await move(tx, Wave, WAVE, "finish", key={"id": wave_id}, values={"finished_at": tx.now}):
        await ordering.advance_cycle(tx, cycle_id=cycle_id, verb="sort")
        facts = {"delivery_date": day_of(cycle_id).isoformat()}
        await people.notify(tx, to="staff:warehouse_lead", event="sorting.finished", facts=facts)
        await tx.announce(SortingFinished(cycle_id, wave_id))


async def seal_tote(tx: Tx, *, code: str) -> ToteValue:
    """Close a tote that holds all it can; told twice it is quiet; refuses NoSuchTote and ToteIncomplete."""
    found = await store.tote_by_code(tx, code)
    if found is None:
        raise NoSuchTote("no such tote", tote=code[:40])
    missing = await store.open_pieces_of_tote(tx, found) if found.state == TOTE.initial else 0
    if missing:
        raise ToteIncomplete("pieces are still to be put in", missing=missing)
    await move(tx, Tote, TOTE, "seal", key={"id": found.id}, values={"sealed_at": tx.now})
    return await tote(tx, code)


async def _locked(tx: Tx, task_id: int) -> SortTask:
    row = await store.locked_task(tx, task_id)
    if row is None:
        raise NoSuchTask(f"no task {task_id}")
    return row

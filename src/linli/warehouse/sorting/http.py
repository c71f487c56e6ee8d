"""Routes of sorting: workers plan, scan and finish in the warehouse, the lead assigns and watches from the console."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from linli import sale
from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, PublicId, Short, View
from linli.platform.web import Quantity as Pieces
from linli.warehouse.sorting import commands, queries

warehouse = Audience("warehouse", "sorting")
console = Audience("console", "sorting")
routers = [warehouse.router, console.router]

Limit = Annotated[int, Query(ge=1, le=200)]
Key = Annotated[str, Field(pattern=r"^[!-~]{1,80}$", description="the phone's own number of this scan")]
ToteCode = Annotated[str, Path(pattern=r"^[!-~]{1,40}$")]


class NewWave(Body):
    """The cycle that is to be sorted."""

    cycle_id: PublicId


class NewScan(Body):
    """Pieces put into a tote: the product's barcode (its sku number where it has none) and the tote's code."""

    barcode: Short
    tote: Short
    quantity: Pieces
    scan_key: Key


class Finish(Body):
    """Whether missing pieces are to be taken as not there."""

    short: bool = False


class Assignment(Body):
    """The worker's account."""

    worker_id: PublicId


class ShareView(View):
    """How many pieces go into a tote, are in it, were not there."""

    tote_id: PublicId
    tote_code: str
    station_id: PublicId
    planned: int
    sorted: int
    short: int


class TaskView(View):
    """The sorting of one sku."""

    id: PublicId
    wave_id: PublicId
    cycle_id: PublicId
    sku_id: PublicId
    name: str
    spec: str
    barcode: str
    storage_class: str
    state: str
    worker_id: PublicId
    planned: int
    sorted: int
    short: int
    shares: list[ShareView]


class TaskPage(View):
    """One page of tasks."""

    items: list[TaskView]
    next: PublicId | None


class WaveView(View):
    """How far a wave is."""

    id: PublicId
    cycle_id: PublicId
    state: str
    totes: int
    tasks: int
    tasks_finished: int
    planned: int
    sorted: int
    short: int
    planned_at: datetime
    finished_at: datetime | None


class Board(View):
    """The live board: how far the wave is, and the minutes that are left until it must be done (negative when late)."""

    wave: WaveView
    due_at: datetime
    minutes_left: int


class ToteView(View):
    """A tote and what is in it."""

    id: PublicId
    code: str
    station_id: PublicId
    storage_class: str
    pieces: int
    weight_g: int
    volume_ml: int
    state: str


@warehouse.post("/waves", permission="sorting.work")
async def plan_wave(body: NewWave, call: CallOf) -> WaveView:
    async def work(tx: Tx) -> WaveView:
        await commands.plan_wave(tx, cycle_id=body.cycle_id)
        return WaveView.model_validate(await queries.wave(tx, body.cycle_id))

    return await call.write(work)


@warehouse.get("/tasks", permission="sorting.work")
async def list_tasks(
    call: CallOf, cycle_id: PublicId | None = None, after: PublicId | None = None, limit: Limit = 50
) -> TaskPage:
    async with call.reading() as tx:
        found = await queries.tasks(tx, cycle_id=cycle_id, worker_id=call.who.account_id, after=after, limit=limit)
    items = [TaskView.model_validate(each) for each in found]
    return TaskPage(items=items, next=found[-1].id if len(found) == limit else None)


@warehouse.get("/tasks/{task_id}", permission="sorting.work")
async def see_task(task_id: PublicId, call: CallOf) -> TaskView:
    async with call.reading() as tx:
        return TaskView.model_validate(await queries.task(tx, task_id))


@warehouse.post("/tasks/{task_id}/start", permission="sorting.work")
async def start_task(task_id: PublicId, call: CallOf) -> TaskView:
    async def work(tx: Tx) -> TaskView:
        done = await commands.start_task(tx, task_id=task_id, worker_id=call.who.account_id)
        return TaskView.model_validate(done)

    return await call.write(work)


@warehouse.post("/tasks/{task_id}/scan", permission="sorting.work")
async def scan(task_id: PublicId, body: NewScan, call: CallOf) -> TaskView:
    async def work(tx: Tx) -> TaskView:
        done = await commands.scan(
            tx, task_id=task_id, worker_id=call.who.account_id, barcode=body.barcode, code=body.tote,
            quantity=body.quantity, scan_key=body.scan_key,
        )  # fmt: skip
        return TaskView.model_validate(done)

    return await call.write(work)


@warehouse.post("/tasks/{task_id}/finish", permission="sorting.work")
async def finish_task(task_id: PublicId, body: Finish, call: CallOf) -> TaskView:
    async def work(tx: Tx) -> TaskView:
        done = await commands.finish_task(tx, task_id=task_id, worker_id=call.who.account_id, short=body.short)
        return TaskView.model_validate(done)

    return await call.write(work)


@warehouse.post("/totes/{code}/seal", permission="sorting.work")
async def seal_tote(code: ToteCode, call: CallOf) -> ToteView:
    async def work(tx: Tx) -> ToteView:
        return ToteView.model_validate(await commands.seal_tote(tx, code=code))

    return await call.write(work)


@console.post("/tasks/{task_id}/assignment", permission="sorting.manage")
async def assign_task(task_id: PublicId, body: Assignment, call: CallOf) -> TaskView:
    async def work(tx: Tx) -> TaskView:
        return TaskView.model_validate(await commands.assign_task(tx, task_id=task_id, worker_id=body.worker_id))

    return await call.write(work)


@console.get("/cycles/{cycle_id}/sorting", permission="sorting.manage")
async def see_board(cycle_id: PublicId, call: CallOf) -> Board:
    async with call.reading() as tx:
        found = await queries.wave(tx, cycle_id)
        due_at = (await sale.cycle(tx, cycle_id)).sorted_by
        left = int((due_at - tx.now).total_seconds()) // 60
    return Board(wave=WaveView.model_validate(found), due_at=due_at, minutes_left=left)


@console.get("/cycles/{cycle_id}/totes", permission="sorting.manage")
async def list_totes(cycle_id: PublicId, call: CallOf, station_id: PublicId | None = None) -> list[ToteView]:
    async with call.reading() as tx:
        found = await queries.totes(tx, cycle_id, station_id=station_id)
    return [ToteView.model_validate(each) for each in found]

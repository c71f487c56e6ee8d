"""SQL of sorting; a task is locked before its scans are counted, the wave before it is finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from linli.kernel.ids import MAX_SEQUENCE, day_of
from linli.platform.database import Tx
from linli.platform.planning import whole_cycle, written
from linli.warehouse.sorting.model import TOTE, TaskState, ToteLimits
from linli.warehouse.sorting.records import Scan, SortItem, SortShare, SortTask, Tote, Wave
from linli.warehouse.sorting.rules import code_of_day

UNITS = 10_000  # a tote holds so many units; a piece takes its share of the tote's grams or millilitres, the larger one
BULKY = UNITS // 2


async def add_wave(tx: Tx, row: dict[str, Any]) -> bool:
    """Write a cycle's wave; False when there is one (waiting for a twin in flight)."""
    write = insert(Wave).values(region_id=tx.region_id, **row).on_conflict_do_nothing()
    return (await tx.execute(write.returning(Wave.id))).first() is not None


async def add_tasks(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Write the tasks of a wave, one a sku; what each is to sort is counted when its items are there."""
    if rows:
        await tx.execute(insert(SortTask), [{"region_id": tx.region_id, **row} for row in rows])


def puts(lines: Select[Any], limits: ToteLimits) -> Select[Any]:
    """Return the select of what goes where: every column of the lines, `pieces` of it, and `at`, the tote.

    Totes are numbered from 0 within a station, storage class and `bulky`. Pieces lie in order of serial and line. With
    `room` = a tote's units less the largest piece of its group, the tote of a piece is where its far end lies in rows
    of `room`: so its tote is known from a running sum alone, no tote is beyond its limits, and one that is not the
    last lacks less than two pieces of the largest kind. What takes more than half a tote gets one for each piece.
    """
    line = lines.subquery()
    rows = select(*line.c, _units(line, limits).label("units")).subquery()
    bulky = rows.c.units > BULKY
    sized = select(*line_columns(rows), bulky.label("bulky"), case((bulky, 1), else_=rows.c.units).label("units"))
    piece = sized.subquery()
    group = _group(piece)
    window: dict[str, Any] = {"partition_by": group, "order_by": (piece.c.serial, piece.c.line_id)}
    before = func.sum(piece.c.units * piece.c.quantity).over(**window, rows=(None, -1))
    room = case((piece.c.bulky, 1), else_=UNITS + 1 - func.max(piece.c.units).over(partition_by=group))
    laid = select(*piece.c, cast(func.coalesce(before, 0), BigInteger).label("before"), room.label("room")).subquery()
    ends = (laid.c.before + laid.c.units, laid.c.before + laid.c.units * laid.c.quantity)
    totes = func.generate_series(*((end - 1) // laid.c.room for end in ends), type_=BigInteger)
    split = select(*laid.c, totes.label("at")).subquery()
    upto = ((split.c.at + 1) * split.c.room - split.c.before) // split.c.units
    earlier = (split.c.at * split.c.room - split.c.before) // split.c.units
    pieces = func.least(split.c.quantity, upto) - func.greatest(0, earlier)
    return select(*line_columns(split), split.c.bulky, split.c.at, cast(pieces, Integer).label("pieces"))


def line_columns(rows: Any) -> list[Any]:
    """Return the columns of rows that came with the lines."""
    return [column for column in rows.c if column.name not in ("units", "bulky", "before", "room", "at")]


def _group(rows: Any) -> list[Any]:
    """Return what pieces share that may share a tote; the first letter tells storage classes apart, and sorts fast."""
    return [rows.c.station_id, func.ascii(rows.c.storage_class), rows.c.bulky]


def _units(line: Any, limits: ToteLimits) -> Any:
    shares = [
        (cast(amount, BigInteger) * UNITS + limit - 1) // limit
        for amount, limit in ((line.c.gross_g, limits.weight_g), (line.c.volume_ml, limits.volume_ml))
    ]
    return cast(func.least(func.greatest(1, *shares), UNITS), Integer)


async def add_items(tx: Tx, wave_id: int, cycle_id: int, lines: Select[Any], limits: ToteLimits, bound: int) -> int:
    """Put a cycle's lines into totes as items of the wave's tasks; returns how many; ValueError beyond `bound` pieces.

    Items and totes get ids that follow one another, so that a tote's items are a stretch of the key.
    """
    day = day_of(cycle_id)
    first = await tx.new_block(2 * bound, day)
    put = puts(lines, limits).subquery()
    group = _group(put)
    tote = func.dense_rank().over(order_by=(*group, put.c.at))
    place = func.row_number().over(order_by=(*group, put.c.serial, put.c.line_id, put.c.at))
    rest = ("station_id", "line_id", "order_id", "serial", "member_id", "leader_id", "paid_at")
    of_sku = (SortTask.region_id == tx.region_id) & (SortTask.wave_id == wave_id) & (SortTask.sku_id == put.c.sku_id)
    rows = select(
        literal(tx.region_id, Integer), literal(day, Date), literal(cycle_id, BigInteger), SortTask.id,
        literal(first - 1, BigInteger) + place, literal(first + bound - 1, BigInteger) + tote,
        put.c.pieces, literal(0, Integer), *(put.c[name] for name in rest),
    ).join(SortTask, of_sku)  # fmt: skip
    names = ["region_id", "biz_date", "cycle_id", "task_id", "id", "tote_id", "quantity", "short", *rest]
    count = await written(tx, insert(SortItem).from_select(names, rows))
    if count > bound:
        raise ValueError(f"{count} items of cycle {cycle_id}, but its demand is only {bound} pieces")
    return count


async def add_totes(tx: Tx, wave_id: int, cycle_id: int) -> int:
    """Write the totes that the items of a cycle lie in, with what each holds; returns how many."""
    day = day_of(cycle_id)
    number = cast(cast(SortItem.tote_id.op("&")(MAX_SEQUENCE), BigInteger), Text)
    code = literal(code_of_day(f"{day:%y%m%d}")).concat(func.lpad(number, func.greatest(6, func.length(number)), "0"))
    held = (
        func.min(SortItem.id), func.max(SortItem.id), func.sum(SortItem.quantity),
        func.sum(SortItem.quantity * SortTask.gross_g), func.sum(SortItem.quantity * SortTask.volume_ml),
    )  # fmt: skip
    key = (SortItem.tote_id, SortItem.station_id, SortTask.storage_class)
    same = [literal(value, BigInteger) for value in (wave_id, cycle_id)]
    here = (SortItem.region_id == tx.region_id, SortItem.biz_date == day, SortItem.cycle_id == cycle_id)
    rows = (
        select(literal(tx.region_id, Integer), *same, literal(str(TOTE.initial)), code, *key, *held)
        .join(SortTask, (SortTask.region_id == tx.region_id) & (SortTask.id == SortItem.task_id))
        .where(*here)
        .group_by(*key)
    )
    names = [
        "region_id", "wave_id", "cycle_id", "state", "code", "id", "station_id", "storage_class", "first_item",
        "last_item", "pieces", "weight_g", "volume_ml",
    ]  # fmt: skip
    return await written(tx, insert(Tote).from_select(names, rows))


async def count_tasks(tx: Tx, wave_id: int, cycle_id: int) -> None:
    """Note how many pieces each task of a wave is to sort; a task of which there are none is taken away."""
    here = (SortItem.region_id == tx.region_id, SortItem.biz_date == day_of(cycle_id), SortItem.cycle_id == cycle_id)
    sums = select(SortItem.task_id, func.sum(SortItem.quantity).label("pieces")).where(*here)
    of_task = sums.group_by(SortItem.task_id).subquery()
    mine = (SortTask.region_id == tx.region_id, SortTask.wave_id == wave_id)
    counted = update(SortTask).where(*mine, SortTask.id == of_task.c.task_id).values(planned=of_task.c.pieces)
    async with whole_cycle(tx):
        await tx.execute(counted)
    await tx.execute(delete(SortTask).where(*mine, SortTask.planned == 0))


async def note_size(tx: Tx, wave_id: int, items: int, totes: int) -> None:
    """Note how many items and totes a wave has."""
    here = (Wave.region_id == tx.region_id, Wave.id == wave_id)
    await tx.execute(update(Wave).where(*here).values(items=items, totes=totes))


async def wave_of(tx: Tx, cycle_id: int) -> Wave | None:
    """Return the wave of a cycle."""
    return await tx.first(select(Wave).where(Wave.region_id == tx.region_id, Wave.cycle_id == cycle_id))


async def lock_wave(tx: Tx, wave_id: int) -> None:
    """Lock a wave, so that of two workers who finish the last two tasks one sees both finished."""
    await tx.first(select(Wave).where(Wave.region_id == tx.region_id, Wave.id == wave_id).with_for_update())


async def locked_task(tx: Tx, task_id: int) -> SortTask | None:
    """Lock a task and return it."""
    return await tx.first(select(SortTask).where(*_task(tx, task_id)).with_for_update())


async def set_worker(tx: Tx, task_id: int, worker_id: int) -> None:
    """Give a task to another worker."""
    await tx.execute(update(SortTask).where(*_task(tx, task_id)).values(worker_id=worker_id))


async def unfinished_tasks(tx: Tx, wave_id: int) -> int:
    """Return how many tasks of a wave are not finished."""
    here = (SortTask.region_id == tx.region_id, SortTask.wave_id == wave_id, SortTask.state != TaskState.FINISHED)
    return int(await tx.scalar(select(func.count()).select_from(SortTask).where(*here)))


async def tote_by_code(tx: Tx, code: str) -> Tote | None:
    """Return the tote with a code."""
    return await tx.first(select(Tote).where(Tote.region_id == tx.region_id, Tote.code == code))


async def planned_into(tx: Tx, task: SortTask, tote: Tote) -> int:
    """Return how many pieces of a task's sku are to go into a tote."""
    where = (*items_in(tx, tote), SortItem.task_id == task.id)
    return int(await tx.scalar(select(func.coalesce(func.sum(SortItem.quantity), 0)).where(*where)))


async def counted_into(tx: Tx, task_id: int, tote_id: int) -> int:
    """Return how many pieces of a task were put into a tote or found short of it."""
    here = (SortShare.region_id == tx.region_id, SortShare.task_id == task_id, SortShare.tote_id == tote_id)
    return await tx.scalar(select(SortShare.sorted + SortShare.short).where(*here)) or 0


async def scan_of(tx: Tx, task_id: int, scan_key: str) -> Scan | None:
    """Return the scan of a task with a key, or None."""
    here = (Scan.region_id == tx.region_id, Scan.task_id == task_id, Scan.scan_key == scan_key)
    return await tx.first(select(Scan).where(*here))


async def add_scan(tx: Tx, row: dict[str, Any], planned: int) -> None:
    """Write a scan and count its pieces into tote and task; the tables' constraints have the last word."""
    await tx.execute(insert(Scan).values(region_id=tx.region_id, at=tx.now, **row))
    count = row["quantity"]
    await _count(tx, row["task_id"], [{"tote_id": row["tote_id"], "planned": planned, "sorted": count, "short": 0}])
    await tx.execute(update(SortTask).where(*_task(tx, row["task_id"])).values(sorted=SortTask.sorted + count))


async def _count(tx: Tx, task_id: int, rows: Sequence[dict[str, int]]) -> None:
    write = insert(SortShare)
    more = {name: getattr(SortShare, name) + write.excluded[name] for name in ("sorted", "short")}
    write = write.on_conflict_do_update(index_elements=["region_id", "task_id", "tote_id"], set_=more)
    await tx.execute(write, [{"region_id": tx.region_id, "task_id": task_id, **row} for row in rows])


async def sort_all(tx: Tx, wave_id: int) -> None:
    """Take every planned piece of a wave as put into its tote."""
    where = (SortTask.region_id == tx.region_id, SortTask.wave_id == wave_id)
    await tx.execute(update(SortTask).where(*where).values(sorted=SortTask.planned))


def shares_of(tx: Tx, cycle_id: int, task_ids: Sequence[int]) -> Select[Any]:
    """Return the select of what of some tasks of a cycle goes where: task_id tote_id planned sorted short."""
    of_cycle = (SortItem.region_id == tx.region_id, SortItem.biz_date == day_of(cycle_id))
    planned = select(SortItem.task_id, SortItem.tote_id, func.sum(SortItem.quantity).label("planned"))
    planned = planned.where(*of_cycle, SortItem.task_id.in_(task_ids)).group_by(SortItem.task_id, SortItem.tote_id)
    want = planned.subquery()
    same = and_(
        SortShare.region_id == tx.region_id, SortShare.task_id == want.c.task_id, SortShare.tote_id == want.c.tote_id
    )
    counts = (func.coalesce(SortShare.sorted, 0).label("sorted"), func.coalesce(SortShare.short, 0).label("short"))
    return select(want.c.task_id, want.c.tote_id, want.c.planned, *counts).outerjoin(SortShare, same)


async def missing_shares(tx: Tx, task: SortTask) -> list[tuple[int, int, int, int]]:
    """Return the totes of a task that lack pieces: tote, pieces planned, in it, and missing."""
    found = shares_of(tx, task.cycle_id, [task.id]).subquery()
    lack = found.c.planned - found.c.sorted - found.c.short
    chosen = select(found.c.tote_id, found.c.planned, found.c.sorted, lack).where(lack > 0).order_by(found.c.tote_id)
    return [(row[0], int(row[1]), row[2], int(row[3])) for row in await tx.execute(chosen)]


async def open_pieces_of_tote(tx: Tx, tote: Tote) -> int:
    """Return how many pieces are still to be put into a tote."""
    planned = select(func.coalesce(func.sum(SortItem.quantity), 0)).where(*items_in(tx, tote)).scalar_subquery()
    here = (SortShare.region_id == tx.region_id, SortShare.tote_id == tote.id)
    counted = select(func.coalesce(func.sum(SortShare.sorted + SortShare.short), 0)).where(*here).scalar_subquery()
    return int(await tx.scalar(select(planned - counted)))


def items_in(tx: Tx, tote: Tote) -> tuple[Any, ...]:
    """Return the conditions that find the items of a tote by their key."""
    here = (SortItem.region_id == tx.region_id, SortItem.biz_date == day_of(tote.cycle_id))
    return *here, SortItem.id.between(tote.first_item, tote.last_item)


async def items_of(tx: Tx, task: SortTask, tote_ids: Sequence[int]) -> Sequence[SortItem]:
    """Return the order lines of a task in some totes."""
    here = (SortItem.region_id == tx.region_id, SortItem.biz_date == day_of(task.cycle_id))
    which = (SortItem.task_id == task.id, SortItem.tote_id.in_(tote_ids))
    return await tx.all(select(SortItem).where(*here, *which).order_by(SortItem.id))


async def set_short(
    tx: Tx, task: SortTask, missing: Sequence[tuple[int, int, int, int]], items: Mapping[int, int]
) -> None:
    """Note short pieces of a task by tote (all that lack) and by item (further ones); the totes hold that much less."""
    rows = [{"tote_id": tote, "planned": planned, "sorted": 0, "short": lack} for tote, planned, _, lack in missing]
    await _count(tx, task.id, rows)
    lacking = sum(lack for _, _, _, lack in missing)
    await tx.execute(update(SortTask).where(*_task(tx, task.id)).values(short=SortTask.short + lacking))
    of_tote = update(Tote).where(Tote.region_id == bindparam("region_id_"), Tote.id == bindparam("tote_"))
    less = {
        "pieces": Tote.pieces - bindparam("lack_"),
        "weight_g": Tote.weight_g - bindparam("grams_"),
        "volume_ml": Tote.volume_ml - bindparam("ml_"),
    }
    same = {"region_id_": tx.region_id}
    totes = [
        {**same, "tote_": tote, "lack_": lack, "grams_": lack * task.gross_g, "ml_": lack * task.volume_ml}
        for tote, _, _, lack in missing
    ]
    await tx.execute(of_tote.values(less), totes)
    of_item = update(SortItem).where(
        SortItem.region_id == bindparam("region_id_"),
        SortItem.biz_date == bindparam("day_"),
        SortItem.id == bindparam("id_"),
    )
    day = day_of(task.cycle_id)
    lines = [{**same, "day_": day, "id_": id, "more_": count} for id, count in sorted(items.items()) if count]
    if lines:
        await tx.execute(of_item.values(short=SortItem.short + bindparam("more_")), lines)


def _task(tx: Tx, task_id: int) -> tuple[Any, ...]:
    return SortTask.region_id == tx.region_id, SortTask.id == task_id

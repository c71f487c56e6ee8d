"""The forenoon: goods go into totes by scans, a short pick is refunded at once, and every paper says the same."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from typing import Any

import pypdf
import pytest
from python_calamine import CalamineWorkbook

from linli import money, warehouse
from linli.kernel.refusals import Refusal
from linli.platform import outbox
from linli.platform.settings import change
from linli.warehouse.papers.queries import labels, papers_of_cycle, sorting_list, station_lists
from linli.warehouse.sorting import commands, queries
from linli.warehouse.sorting.model import TaskValue
from tests.people_cast import Person, done
from tests.supply.depot import Depot

MIA, TOM = 71, 72


async def sorting(depot: Depot) -> list[TaskValue]:
    """Let two stations order, everything arrive and the wave be planned; returns its tasks."""
    await depot.order("李阿姨", ("苹果", 5), ("牛奶", 2))
    await depot.order("赵叔", ("苹果", 6))
    await depot.order("小陈", ("苹果", 2), ("牛奶", 6), leader=1)
    await depot.night()
    await depot.arrive()
    await depot.do(lambda tx: warehouse.plan_wave(tx, cycle_id=depot.cycle_id))
    return await tasks(depot)


async def tasks(depot: Depot) -> list[TaskValue]:
    """Return the unfinished tasks of the cycle, 苹果 first."""
    return await depot.do(lambda tx: queries.tasks(tx, cycle_id=depot.cycle_id))


async def start(depot: Depot, task: TaskValue, worker: int = MIA) -> TaskValue:
    """Start a task."""
    return await depot.do(lambda tx: commands.start_task(tx, task_id=task.id, worker_id=worker))


async def scan(depot: Depot, task: TaskValue, code: str, pieces: int, key: str, **other: Any) -> TaskValue:
    """Put pieces into a tote."""
    given: dict[str, Any] = {
        "worker_id": MIA,
        "barcode": task.barcode,
        "code": code,
        "quantity": pieces,
        "scan_key": key,
    } | other
    return await depot.do(lambda tx: commands.scan(tx, task_id=task.id, **given))


async def finish(depot: Depot, task: TaskValue, *, short: bool = False, worker: int = MIA) -> TaskValue:
    """Finish a task."""
    return await depot.do(lambda tx: commands.finish_task(tx, task_id=task.id, worker_id=worker, short=short))


async def sort_all(depot: Depot, task: TaskValue) -> None:
    """Sort a task to its end."""
    await start(depot, task)
    for share in task.shares:
        await scan(depot, task, share.tote_code, share.planned, f"k{share.tote_id}")


async def refused(depot: Depot, work: Any, code: str) -> None:
    """Prove that something is refused and nothing was written."""
    before = await depot.written()
    with pytest.raises(Refusal) as caught:
        await work
    assert caught.value.code == code
    assert await depot.written() == before


@pytest.mark.rule("SRT-1")
async def test_every_piece_has_a_tote_of_its_station_and_storage_class(depot: Depot) -> None:
    found = await sorting(depot)
    assert [(task.planned, len(task.shares)) for task in found] == [(13, 3), (8, 2)]
    totes = await depot.do(lambda tx: warehouse.totes(tx, depot.cycle_id))
    by_place: Counter[tuple[int, str]] = Counter()
    for tote in totes:
        by_place[tote.station_id, tote.storage_class] += tote.pieces
        assert tote.weight_g <= 20_000
    wang, zhou = (leader.station_id for leader in depot.leaders)
    assert by_place == {(wang, "ambient"): 11, (wang, "chilled"): 2, (zhou, "ambient"): 2, (zhou, "chilled"): 6}
    assert len([tote for tote in totes if (tote.station_id, tote.storage_class) == (wang, "ambient")]) == 2
    assert len({tote.code for tote in totes}) == len(totes)
    again = await depot.do(lambda tx: warehouse.plan_wave(tx, cycle_id=depot.cycle_id))
    assert again == found[0].wave_id
    assert await depot.count("warehouse.waves") == 1


@pytest.mark.rule("SRT-2")
async def test_the_last_task_finishes_the_wave_and_orders_are_sorted(depot: Depot) -> None:
    apples, milk = await sorting(depot)
    await sort_all(depot, apples)
    await sort_all(depot, milk)
    await asyncio.gather(finish(depot, apples), finish(depot, milk))
    wave = await depot.do(lambda tx: warehouse.wave(tx, depot.cycle_id))
    assert (wave.state, wave.tasks_finished, wave.sorted, wave.short) == ("finished", 2, 21, 0)
    assert await depot.count("platform.outbox", "name = 'warehouse.sorting_finished'") == 1
    assert await depot.count("ordering.orders", "state = 'sorted'") == 3
    assert (await finish(depot, milk)).state == "finished"
    await depot.in_balance()


@pytest.mark.rule("SRT-2")
async def test_a_wrong_scan_is_refused_and_the_same_scan_counts_once(depot: Depot) -> None:
    apples, milk = await sorting(depot)
    tote, other = apples.shares[0], milk.shares[0]
    await refused(depot, scan(depot, apples, tote.tote_code, 1, "a"), "task_not_started")
    await start(depot, apples)
    await refused(depot, scan(depot, apples, tote.tote_code, 1, "a", barcode=milk.barcode), "wrong_barcode")
    await refused(depot, scan(depot, apples, other.tote_code, 1, "a"), "wrong_tote")
    await refused(depot, scan(depot, apples, "T000", 1, "a"), "wrong_tote")
    await refused(depot, scan(depot, apples, tote.tote_code, tote.planned + 1, "a"), "more_than_planned")
    await refused(depot, scan(depot, apples, tote.tote_code, 1, "a", worker_id=TOM), "task_of_another")
    await refused(depot, start(depot, apples, TOM), "task_of_another")
    await refused(depot, finish(depot, apples), "task_incomplete")
    seal = depot.do(lambda tx: commands.seal_tote(tx, code=tote.tote_code))
    await refused(depot, seal, "tote_incomplete")
    doubled = await asyncio.gather(*(scan(depot, apples, tote.tote_code, 1, "a") for _ in range(5)))
    assert {task.shares[0].sorted for task in doubled} == {1}
    await refused(depot, scan(depot, apples, tote.tote_code, 2, "a"), "scan_key_reused")
    unknown = depot.do(lambda tx: commands.start_task(tx, task_id=apples.wave_id, worker_id=MIA))
    await refused(depot, unknown, "no_such_task")


@pytest.mark.rule("SRT-2")
async def test_ten_scanners_at_one_tote_put_in_no_more_than_its_orders_want(depot: Depot) -> None:
    apples = (await sorting(depot))[0]
    await start(depot, apples)
    tote = apples.shares[0]
    work = (scan(depot, apples, tote.tote_code, 1, f"k{n}") for n in range(tote.planned + 4))
    results = await asyncio.gather(*work, return_exceptions=True)
    assert sum(isinstance(result, Refusal) for result in results) == 4
    assert (await depot.do(lambda tx: queries.task(tx, apples.id))).shares[0].sorted == tote.planned


@pytest.mark.rule("SRT-2")
@pytest.mark.rule("SHT-2")
async def test_a_short_pick_is_refunded_at_once_to_who_paid_last_in_that_tote(depot: Depot) -> None:
    milk = (await sorting(depot))[1]
    tote = next(share for share in milk.shares if share.planned == 6)
    rest = next(share for share in milk.shares if share.planned == 2)
    await start(depot, milk)
    await scan(depot, milk, rest.tote_code, 2, "a")
    await scan(depot, milk, tote.tote_code, 4, "b")
    done_ = await finish(depot, milk, short=True)
    assert (done_.state, done_.sorted, done_.short) == ("finished", 6, 2)
    lines = await depot.do(lambda tx: warehouse.sorted_lines(tx, depot.cycle_id))
    order = next(line for line in lines if line.tote_id == tote.tote_id)
    assert order.quantity == 4
    found = await depot.value(order.order_id)
    line = next(each for each in found.lines if each.id == order.line_id)
    assert (line.short_quantity, line.refunded_fen) == (2, 2 * 990)
    why = (await depot.do(lambda tx: warehouse.shortages_of_line(tx, line.id)))[0]
    assert (why.source, why.wanted, why.given) == ("sorting", 6, 4)
    await finish(depot, milk, short=True)
    await depot.in_balance()
    assert await depot.do(lambda tx: money.balance(tx, "loss")) == 2 * 700
    kept = next(t for t in await depot.do(lambda tx: warehouse.totes(tx, depot.cycle_id)) if t.id == tote.tote_id)
    assert kept.pieces == 4
    sealed = await depot.do(lambda tx: commands.seal_tote(tx, code=tote.tote_code))
    assert sealed.state == "sealed"


@pytest.mark.rule("SRT-2")
async def test_where_nobody_scans_goods_stand_ready_as_soon_as_the_wave_is_planned(depot: Depot) -> None:
    await depot.do(
        lambda tx: change(tx, name="warehouse.sorted_by_scan", value=False, valid_from=tx.now, reason="没有仓库")
    )
    assert await sorting(depot) == []
    wave = await depot.do(lambda tx: warehouse.wave(tx, depot.cycle_id))
    assert (wave.state, wave.sorted, wave.planned) == ("finished", 21, 21)
    assert {tote.state for tote in await depot.do(lambda tx: warehouse.totes(tx, depot.cycle_id))} == {"sealed"}
    assert await depot.count("ordering.orders", "state = 'sorted'") == 3


@pytest.mark.rule("SRT-3")
async def test_every_paper_and_the_orders_say_the_same(depot: Depot) -> None:
    milk = (await sorting(depot))[1]
    await start(depot, milk)
    await scan(depot, milk, milk.shares[0].tote_code, 1, "a")
    await finish(depot, milk, short=True)
    source = await depot.do(lambda tx: papers_of_cycle(tx, depot.cycle_id))
    listed, stations, bags = sorting_list(source), station_lists(source), labels(source)
    pieces = sum(line.quantity for station in stations.stations for order in station.orders for line in order.lines)
    owed = 0
    for station in stations.stations:
        assert [order.serial for order in station.orders] == sorted(order.serial for order in station.orders)
    for order_id in {line.order_id for line in source.lines}:
        order = await depot.value(order_id)
        owed += sum(line.quantity - line.short_quantity for line in order.lines)
    assert pieces == sum(product.total for product in listed.products) == sum(bag.pieces for bag in bags.labels) == owed
    assert owed == 13 + 1
    for bag in bags.labels:
        assert 1 <= bag.part <= bag.parts


async def offices(depot: Depot) -> tuple[Person, Person, Person]:
    """Buyer, warehouse lead and worker of the region."""
    return await depot.cast.buyer(), await depot.cast.warehouse_lead(), await depot.cast.warehouse_worker()


@pytest.mark.rule("SRT-3")
@pytest.mark.rule("RCV-1")
async def test_a_day_in_the_warehouse_through_the_api(depot: Depot) -> None:
    await depot.order("李阿姨", ("苹果", 5), ("牛奶", 2))
    await depot.order("小陈", ("苹果", 2), leader=1)
    await depot.night()
    buyer, lead, worker = await offices(depot)
    cycle = depot.cycle_id
    assert done(await buyer.get(f"/console/cycles/{cycle}/demand"))["whole"]
    assert done(await buyer.get(f"/console/cycles/{cycle}/purchase-balance")) == {"whole": True, "differences": []}
    assert [step["state"] for step in done(await buyer.get(f"/console/cycles/{cycle}/night"))["steps"]][:3] == [
        "done"
    ] * 3
    orders = done(await buyer.get(f"/console/purchase-orders?cycle_id={cycle}"))["items"]
    paper = await buyer.get(f"/console/purchase-orders/{orders[0]['id']}/paper.pdf")
    assert orders[0]["number"] in pypdf.PdfReader(io.BytesIO(paper.content)).pages[0].extract_text()
    arrivals = done(await worker.get(f"/warehouse/cycles/{cycle}/arrivals"))
    assert "price_fen" not in str(arrivals)
    for order in arrivals["orders"]:
        lines = [
            {"sku_id": line["sku_id"], "accepted": line["quantity"], "temperature_tenths": 40}
            for line in order["lines"]
        ]
        body = {"po_id": order["id"], "lines": lines, "signed_by": "老陈"}
        first = await worker.post("/warehouse/receipts", body, key=f"receipt-{order['id']}")
        again = await worker.post("/warehouse/receipts", body, key=f"receipt-{order['id']}")
        assert done(first) == done(again)
    await depot.drain()
    wave = done(await worker.post("/warehouse/waves", {"cycle_id": str(cycle)}))
    assert (wave["planned"], wave["tasks"]) == (9, 2)
    for task in done(await worker.get("/warehouse/tasks"))["items"]:
        done(await worker.post(f"/warehouse/tasks/{task['id']}/start"))
        for share in task["shares"]:
            put = {"barcode": task["barcode"], "tote": share["tote_code"], "quantity": share["planned"]}
            done(await worker.post(f"/warehouse/tasks/{task['id']}/scan", {**put, "scan_key": share["tote_id"]}))
        done(await worker.post(f"/warehouse/tasks/{task['id']}/finish", {}))
    board = done(await lead.get(f"/console/cycles/{cycle}/sorting"))
    assert (board["wave"]["state"], board["wave"]["sorted"]) == ("finished", 9)
    for tote in done(await lead.get(f"/console/cycles/{cycle}/totes")):
        assert done(await worker.post(f"/warehouse/totes/{tote['code']}/seal"))["state"] == "sealed"
    for kind in ("sorting-list", "station-lists", "labels"):
        printed = await lead.get(f"/console/cycles/{cycle}/papers/{kind}.pdf")
        assert printed.status_code == 200, printed.text
        assert "王姐" in "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed.content)).pages)
        book = await lead.get(f"/console/cycles/{cycle}/papers/{kind}.xlsx")
        rows = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
        assert 9 in rows[-1]  # the foot adds up to all pieces
    assert await depot.do(outbox.parked) == []


async def test_a_supplier_sees_and_confirms_only_its_own_orders(depot: Depot) -> None:
    await depot.order("李阿姨", ("苹果", 5), ("牛奶", 2))
    await depot.night()
    farm = await depot.cast.supplier(depot.goods["苹果"].supplier_id)
    dairy = await depot.cast.supplier(depot.goods["牛奶"].supplier_id)
    mine = done(await farm.get("/supplier/purchase-orders"))["items"]
    assert [order["supplier_id"] for order in mine] == [str(depot.goods["苹果"].supplier_id)]
    path = f"/supplier/purchase-orders/{mine[0]['id']}"
    for answer in (
        await dairy.get(path),
        await dairy.post(f"{path}/confirmation"),
        await dairy.get(f"{path}/paper.pdf"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_purchase_order")
    assert [done(await farm.post(f"{path}/confirmation"))["state"] for _ in range(2)] == ["confirmed"] * 2
    assert (await farm.get(f"{path}/paper.xlsx")).content.startswith(b"PK")


async def test_bad_requests_are_refused_with_a_stable_code_and_nothing_is_written(depot: Depot) -> None:
    await sorting(depot)
    buyer, lead, worker = await offices(depot)
    order = next(iter((await depot.orders_of()).values()))
    task = (await tasks(depot))[0]
    line = {"sku_id": str(order.lines[0].sku_id), "accepted": 1}
    scanned = {"barcode": task.barcode, "tote": task.shares[0].tote_code, "quantity": 1, "scan_key": "a"}
    foreign = str((1 << 43) + 5)
    before = await depot.written()
    posts = [
        ("/warehouse/receipts", {"po_id": str(order.id), "lines": [line | {"accepted": -1}], "signed_by": "陈"}, 422),
        ("/warehouse/receipts", {"po_id": str(order.id), "lines": [line | {"accepted": 1.5}], "signed_by": "陈"}, 422),
        ("/warehouse/receipts", {"po_id": str(order.id), "lines": [], "signed_by": "陈"}, 422),
        ("/warehouse/receipts", {"po_id": str(order.id), "lines": [line], "signed_by": ""}, 422),
        ("/warehouse/receipts", {"po_id": str(order.id), "lines": [line], "signed_by": "陈"}, 409),
        ("/warehouse/receipts", {"po_id": foreign, "lines": [line], "signed_by": "陈"}, 404),
        (f"/warehouse/cycles/{foreign}/receiving-finish", None, 404),
        ("/warehouse/waves", {"cycle_id": foreign}, 409),
        (f"/warehouse/tasks/{task.id}/scan", scanned | {"quantity": 0}, 422),
        (f"/warehouse/tasks/{task.id}/scan", scanned | {"barcode": "x\x00"}, 422),
        (f"/warehouse/tasks/{task.id}/scan", scanned, 409),
        (f"/warehouse/tasks/{foreign}/start", None, 404),
        ("/warehouse/totes/T1/seal", None, 404),
        ("/warehouse/stock/movements", {"sku_id": "1", "kind": "found", "pieces": 3, "note": "x"}, 404),
        ("/warehouse/stock/movements", {"sku_id": line["sku_id"], "kind": "loss", "pieces": 99, "note": "x"}, 409),
        ("/warehouse/stock/movements", {"sku_id": line["sku_id"], "kind": "surplus", "pieces": 1, "note": "x"}, 422),
    ]
    for path, body, status in posts:
        answer = await worker.post(path, body)
        assert answer.status_code == status, (path, body, answer.text)
        assert answer.json()["code"]
    for who, path in (
        (buyer, f"/console/purchase-orders/{foreign}"),
        (buyer, f"/console/cycles/{foreign}/demand"),
        (lead, f"/console/cycles/{foreign}/papers/labels.pdf"),
        (lead, f"/console/cycles/{depot.cycle_id}/papers/secrets.pdf"),
        (lead, f"/console/cycles/{foreign}/sorting"),
    ):
        answer = await who.get(path)
        assert answer.status_code in (404, 422), (path, answer.text)
    assert (await worker.get("/console/stock")).status_code == 403
    assert (await buyer.get(f"/console/cycles/{depot.cycle_id}/sorting")).status_code == 403
    assert await depot.written() == before

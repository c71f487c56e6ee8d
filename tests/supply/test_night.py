"""The night: demand is frozen, bought and sent once, whatever is killed and however many workers there are."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from linli import sale, supply, warehouse
from linli.kernel.refusals import Refusal
from linli.platform import outbox
from linli.platform.database import Tx
from linli.supply.night import commands
from linli.supply.night.events import RunNight
from linli.supply.night.jobs import run_night
from linli.supply.night.model import BUYING, Step
from linli.supply.purchase.events import SendPurchaseOrder
from linli.supply.purchase.jobs import send_purchase_order
from tests.supply.depot import CUT_OFF, DEMAND_AT, Depot

BOUGHT = ["done"] * 3 + ["waiting"] * 3  # the goods are still to come


async def fill(depot: Depot) -> list[int]:
    """Let four neighbours order 苹果 (13 in all), 鸡蛋 (5) and 牛奶 (8); one more never pays."""
    orders = [
        await depot.order("李阿姨", ("苹果", 5), ("牛奶", 2)),
        await depot.order("赵叔", ("苹果", 6), ("鸡蛋", 5)),
        await depot.order("小陈", ("苹果", 2), ("牛奶", 6), leader=1),
    ]
    await depot.order("没付款", ("苹果", 9), pay=False)
    return orders


@pytest.mark.rule("BUY-1")
async def test_a_supplier_gets_one_order_in_whole_packs_for_what_stock_does_not_cover(depot: Depot) -> None:
    await depot.do(lambda tx: supply.move_stock(tx, moves=[stock(depot, "苹果", 2)]))
    await fill(depot)
    await depot.night()
    orders = await depot.orders_of()
    assert len(orders) == 2
    lines = {line.sku_id: line for order in orders.values() for line in order.lines}
    apples, eggs, milk = (lines[depot.goods[name].sku_id] for name in ("苹果", "鸡蛋", "牛奶"))
    assert (apples.packs, apples.quantity) == (2, 20)  # 13 wanted, 2 in stock, 11 needed
    assert (eggs.packs, eggs.quantity) == (3, 18)  # 5 wanted, one pack would do, the minimum is three
    assert (milk.packs, milk.quantity) == (2, 8)
    assert orders[depot.goods["苹果"].supplier_id].total_fen == 20 * 1_500 + 18 * 1_000
    assert await depot.stock("苹果") == 0
    await depot.in_balance()


def stock(depot: Depot, name: str, pieces: int, ref: int = 1) -> supply.StockMove:
    """A find of so many pieces of a product."""
    return supply.StockMove(supply.MovementKind.FOUND, depot.goods[name].sku_id, pieces, "test", ref)


@pytest.mark.rule("BUY-1")
async def test_paid_orders_are_frozen_and_unpaid_ones_are_not_bought(depot: Depot) -> None:
    orders = await fill(depot)
    await depot.night()
    demand = await depot.do(lambda tx: supply.demand(tx, depot.cycle_id))
    assert (demand.lines, demand.pieces) == (5, 13 + 5 + 8)
    assert len(demand.digest) == 64
    assert {(await depot.value(order)).state for order in orders} == {"bought"}
    assert (await depot.do(lambda tx: sale.cycle(tx, depot.cycle_id))).state == "receiving"


@pytest.mark.rule("BUY-1")
async def test_frozen_demand_cannot_be_changed_by_the_application(depot: Depot) -> None:
    await fill(depot)
    await depot.night()
    change = text("UPDATE supply.demand_lines SET quantity = quantity + 1 WHERE region_id = :region_id")

    async def tamper(tx: Tx) -> None:
        await tx.execute(change, {"region_id": tx.region_id})

    with pytest.raises(DBAPIError, match="permission denied"):
        await depot.do(tamper)


async def test_the_night_waits_for_its_instant_and_begins_without_a_second_call(depot: Depot) -> None:
    await fill(depot)
    await depot.close()
    assert await depot.count("supply.demands") == 0
    depot.clock.set(DEMAND_AT)
    await depot.drain()
    assert await depot.count("supply.demands") == 1


@pytest.mark.rule("S4")
async def test_two_days_of_darkness_delay_the_night_and_do_not_lose_it(depot: Depot) -> None:
    await fill(depot)
    depot.clock.set(CUT_OFF.replace(day=25))
    await depot.do(sale.close_due)
    await depot.drain()
    assert [step.state for step in await depot.do(lambda tx: supply.night_of(tx, depot.cycle_id))] == BOUGHT
    await depot.in_balance()


@pytest.mark.rule("S4")
async def test_a_night_that_is_woken_too_early_comes_back_at_its_instant(depot: Depot) -> None:
    await fill(depot)
    await depot.close()
    await run_night(depot.installation, depot.cast.region_id, RunNight(depot.cycle_id))
    assert await depot.count("supply.demands") == 0
    assert await depot.count("platform.outbox", "name = 'supply.run_night' AND status = 'pending'") == 2
    depot.clock.set(DEMAND_AT)
    await depot.drain()
    assert len(await depot.orders_of()) == 2


@pytest.mark.rule("S4")
async def test_a_cycle_that_takes_orders_again_is_bought_after_its_second_cut_off(depot: Depot) -> None:
    await fill(depot)
    await depot.do(lambda tx: sale.close_now(tx, cycle_id=depot.cycle_id, reason="提前截单"))
    await depot.drain()
    await depot.do(lambda tx: sale.reopen(tx, cycle_id=depot.cycle_id, reason="漏了一栋楼"))
    await depot.order("来晚了", ("鸡蛋", 14))
    await run_night(depot.installation, depot.cast.region_id, RunNight(depot.cycle_id))
    assert await depot.count("supply.demands") == 0
    await depot.night()
    eggs = depot.goods["鸡蛋"].sku_id
    wanted = [line for order in (await depot.orders_of()).values() for line in order.lines if line.sku_id == eggs]
    assert [line.quantity for line in wanted] == [24]  # 5 + 14


@pytest.mark.rule("BUY-2")
@pytest.mark.rule("S4")
@pytest.mark.parametrize("step", BUYING)
async def test_a_step_that_dies_with_its_connection_is_taken_again_and_only_once(
    depot: Depot, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(depot)
    await depot.close()
    depot.clock.set(DEMAND_AT)
    work = commands.WORK[step]
    died: list[Step] = []

    async def dies(tx: Tx, *, cycle_id: int) -> int:
        rows = await work(tx, cycle_id=cycle_id)
        if not died:
            died.append(step)
            await tx.execute(text("SET LOCAL ROLE NONE"))
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return rows

    monkeypatch.setitem(commands.WORK, step, dies)
    await depot.drain()
    assert died == [step]
    before = [each.state for each in await depot.do(lambda tx: supply.night_of(tx, depot.cycle_id))]
    assert before == ["done"] * list(Step).index(step) + ["waiting"] * (6 - list(Step).index(step))
    depot.clock.set(DEMAND_AT.replace(minute=10))  # the job comes back after its pause
    await depot.drain()
    await once(depot)


async def once(depot: Depot) -> None:
    """Prove that the night is complete and nothing of it happened twice."""
    assert [step.state for step in await depot.do(lambda tx: supply.night_of(tx, depot.cycle_id))] == BOUGHT
    assert await depot.count("supply.demands") == 1
    assert await depot.count("supply.demand_lines") == 5
    orders = await depot.orders_of()
    assert {order.state for order in orders.values()} == {"sent"}
    assert len(orders) == 2
    assert await depot.count("supply.sku_needs") == 3
    for fact in ("supply.demand_frozen", "supply.purchase_orders_made"):
        assert await depot.count("platform.outbox", f"name = '{fact}'") == 1
    assert await depot.count("platform.outbox", "name = 'supply.send_purchase_order'") == 2
    assert await depot.count("platform.outbox", "name = 'supply.purchase_order_sent'") == 2
    assert await depot.count("people.notices", "event = 'po.sent'") == 2
    await depot.in_balance()


@pytest.mark.rule("BUY-2")
@pytest.mark.rule("S4")
async def test_two_workers_at_the_same_step_take_it_once_and_neither_stumbles(depot: Depot) -> None:
    await depot.do(lambda tx: supply.move_stock(tx, moves=[stock(depot, "苹果", 2)]))
    await fill(depot)
    await depot.close()
    depot.clock.set(DEMAND_AT)
    for step in BUYING:
        take: Any = partial(commands.take_step, cycle_id=depot.cycle_id, step=step)
        taken = await asyncio.gather(*(depot.do(take) for _ in range(4)), return_exceptions=True)
        assert sorted(map(str, taken)) == ["False", "False", "False", "True"]
    await depot.drain()
    await once(depot)


async def test_a_step_is_not_taken_before_the_one_it_needs(depot: Depot) -> None:
    await fill(depot)
    await depot.close()
    depot.clock.set(DEMAND_AT)
    before = await depot.written()
    for step in (Step.PURCHASE, Step.SEND):
        with pytest.raises(Refusal) as caught:
            await depot.do(partial(commands.take_step, cycle_id=depot.cycle_id, step=step))
        assert caught.value.code == "step_out_of_turn"
    assert await depot.written() == before


@pytest.mark.rule("BUY-3")
async def test_a_purchase_order_is_written_as_pdf_and_excel_and_sent_once(depot: Depot) -> None:
    await fill(depot)
    await depot.night()
    region = depot.cast.region_id
    folder = depot.installation.config.home / "papers" / str(region) / "2026-11-24"
    papers = {path.name: path.read_bytes() for path in folder.iterdir()}
    orders = await depot.orders_of()
    assert sorted(papers) == sorted(f"{o.number}-v1.{form}" for o in orders.values() for form in ("pdf", "xlsx"))
    assert all(content.startswith(b"%PDF" if name.endswith("pdf") else b"PK") for name, content in papers.items())
    depot.clock.set(DEMAND_AT.replace(hour=23))
    for order in orders.values():
        await send_purchase_order(depot.installation, region, SendPurchaseOrder(order.id))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == papers
    assert await depot.orders_of() == orders
    assert await depot.count("people.notices", "event = 'po.sent'") == 2


async def test_a_cycle_nobody_ordered_in_is_over_without_a_purchase_order(depot: Depot) -> None:
    await depot.night()
    assert await depot.orders_of() == {}
    assert await depot.do(lambda tx: warehouse.receiving_is_finished(tx, depot.cycle_id))
    wave = await depot.do(lambda tx: warehouse.plan_wave(tx, cycle_id=depot.cycle_id))
    assert (await depot.do(lambda tx: warehouse.wave(tx, depot.cycle_id))).state == "finished"
    assert wave


async def test_nothing_of_the_night_is_parked(depot: Depot) -> None:
    await fill(depot)
    await depot.night()
    assert await depot.do(outbox.parked) == []
    assert (await depot.do(lambda tx: supply.demand(tx, depot.cycle_id))).pieces == 26


async def test_the_metrics_and_the_board_of_the_night_say_how_far_it_is(depot: Depot) -> None:
    await fill(depot)
    await depot.night()
    told = (await depot.cast.client.get("/metrics")).text
    assert 'linli_night_steps{state="done",step="freeze"}' in told
    assert 'linli_night_steps{state="waiting",step="share_out"}' in told
    (night,) = await depot.do(supply.nights)
    assert night.following is not None
    assert (night.following.step, night.following.working) == ("share_out", False)
    assert supply.size(night) == 5

"""The morning: goods are signed for, what lacks is claimed from the supplier and shared out among neighbours."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from linli import money, supply, warehouse
from linli.kernel.refusals import Refusal
from linli.platform import outbox
from linli.platform.database import Tx
from linli.supply.stock.commands import set_aside
from linli.warehouse.receiving.commands import correct_receipt
from linli.warehouse.shortage.model import Rule
from tests.supply.depot import ARRIVAL, Depot


async def bought(depot: Depot) -> dict[str, int]:
    """Let three neighbours order in turn, 苹果 5 + 6 + 2 and 牛奶 8, and let the night pass."""
    orders = {
        "李阿姨": await depot.order("李阿姨", ("苹果", 5), ("牛奶", 2)),
        "赵叔": await depot.order("赵叔", ("苹果", 6)),
        "小陈": await depot.order("小陈", ("苹果", 2), ("牛奶", 6), leader=1),
    }
    await depot.night()
    depot.clock.set(ARRIVAL)
    return orders


async def receive(depot: Depot, name: str, **stated: Any) -> int:
    """Sign for what arrived of one product."""
    goods = depot.goods[name]
    order = (await depot.orders_of())[goods.supplier_id]
    arrival = warehouse.Arrival(goods.sku_id, **stated)
    return await depot.do(lambda tx: warehouse.receive(tx, po_id=order.id, arrivals=[arrival], signed_by="老陈"))


async def refused(depot: Depot, work: Any, code: str, reason: str = "") -> None:
    """Prove that something is refused with a code and that nothing was written."""
    before = await depot.written()
    with pytest.raises(Refusal) as caught:
        await work
    assert caught.value.code == code
    assert caught.value.facts.get("reason", "") == reason
    assert await depot.written() == before


@pytest.mark.rule("RCV-2")
async def test_what_does_not_come_or_is_rotten_becomes_the_suppliers_claim(depot: Depot) -> None:
    await bought(depot)
    await receive(depot, "苹果", accepted=15, short=3, rejected=2, reason="压伤", lot="A7")
    assert not await depot.do(lambda tx: warehouse.receiving_is_finished(tx, depot.cycle_id))
    await receive(depot, "牛奶", accepted=8, temperature_tenths=60)
    assert await depot.do(lambda tx: warehouse.receiving_is_finished(tx, depot.cycle_id))
    await depot.drain()
    farm, dairy = depot.goods["苹果"].supplier_id, depot.goods["牛奶"].supplier_id
    await depot.in_balance()

    async def owed(tx: Tx) -> list[int]:
        return [
            await money.balance(tx, kind, owner_id=owner)
            for kind, owner in (
                ("supplier_payable", farm), ("supplier_claims", farm),
                ("supplier_payable", dairy), ("supplier_claims", dairy),
            )
        ]  # fmt: skip

    assert await depot.do(owed) == [20 * 1_500, 5 * 1_500, 8 * 700, 0]
    results = await depot.do(lambda tx: supply.supplier_results(tx, depot.cycle_id))
    assert {(r.supplier_id, r.ordered_fen, r.over_fen, r.claimed_fen) for r in results} == {
        (farm, 30_000, 0, 7_500),
        (dairy, 5_600, 0, 0),
    }
    assert await depot.stock("苹果") == 2  # 15 came, 13 are wanted


@pytest.mark.rule("SHT-1")
@pytest.mark.rule("SHT-2")
async def test_who_paid_last_gets_none_is_refunded_at_once_and_told_why(depot: Depot) -> None:
    orders = await bought(depot)
    await depot.arrive(苹果=10)  # 10 of 20 come, 13 are wanted
    assert [await depot.short(orders[who], "苹果") for who in ("李阿姨", "赵叔", "小陈")] == [0, 1, 2]
    late = await depot.value(orders["小陈"])
    line = next(each for each in late.lines if each.offer_id == depot.goods["苹果"].offer_id)
    assert (line.paid_fen, line.refunded_fen) == (4_200, 4_200)
    why = (await depot.do(lambda tx: warehouse.shortages_of_line(tx, line.id)))[0]
    assert (why.given, why.short, why.refunded_fen) == (0, 2, 4_200)
    assert why.why == "共需 13 份，实有 10 份，先付款先得：您排第 3 位（共 3 位），轮到时已分完"
    refunds = await depot.do(lambda tx: money.refunds_of_order(tx, orders["赵叔"]))
    assert [refund.amount_fen for refund in refunds] == [2_100]
    assert await depot.count("people.notices", "event = 'order.short'") == 2
    assert await depot.count("people.notices", "event = 'shortage.allocated'") == 2
    assert await depot.do(lambda tx: warehouse.allocate_shortages(tx, cycle_id=depot.cycle_id)) == 0
    assert await depot.count("warehouse.short_lines") == 2
    assert await depot.do(outbox.parked) == []
    await depot.in_balance()


@pytest.mark.rule("SHT-1")
@pytest.mark.parametrize(("rule", "short"), [(Rule.SMALL_FIRST, [0, 3, 0]), (Rule.PROPORTIONAL, [1, 2, 0])])
async def test_an_offer_is_shared_by_the_rule_it_was_sold_under(depot: Depot, rule: Rule, short: list[int]) -> None:
    await depot.sell("橙子", await depot.supplier("橙园"), rule=rule)
    sold = [await depot.order(who, ("橙子", n)) for who, n in (("李阿姨", 4), ("赵叔", 5), ("小陈", 1))]
    await depot.night()
    await depot.arrive(橙子=3)
    assert [await depot.short(order, "橙子") for order in sold] == short


@pytest.mark.rule("SHT-1")
async def test_free_stock_helps_before_anybody_goes_without(depot: Depot) -> None:
    orders = await bought(depot)
    found = supply.StockMove(supply.MovementKind.FOUND, depot.goods["苹果"].sku_id, 2, "test", 1)
    await depot.do(lambda tx: supply.move_stock(tx, moves=[found]))
    await depot.arrive(苹果=10)
    assert [await depot.short(orders[who], "苹果") for who in ("李阿姨", "赵叔", "小陈")] == [0, 0, 1]
    assert await depot.stock("苹果") == 0
    await depot.in_balance()


@pytest.mark.rule("RCV-1")
async def test_finishing_early_takes_what_is_open_as_short(depot: Depot) -> None:
    orders = await bought(depot)
    await receive(depot, "苹果", accepted=20)
    done = [await depot.do(lambda tx: warehouse.finish_receiving(tx, cycle_id=depot.cycle_id)) for _ in range(2)]
    assert done == [True, False]
    await depot.drain()
    assert [await depot.short(orders[who], "牛奶") for who in ("李阿姨", "小陈")] == [2, 6]
    assert await depot.stock("苹果") == 7  # the packs brought more than was wanted
    assert await depot.count("warehouse.short_lines") == 2
    await depot.in_balance()
    await refused(depot, receive(depot, "牛奶", accepted=1, temperature_tenths=1), "receiving_over")


@pytest.mark.rule("RCV-1")
async def test_two_people_who_sign_for_the_same_boxes_do_not_count_them_twice(depot: Depot) -> None:
    await bought(depot)
    signed = await asyncio.gather(*(receive(depot, "苹果", accepted=12) for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in signed) == ["OverReceipt"] * 3 + ["int"]
    assert await depot.count("warehouse.receipts") == 1


@pytest.mark.rule("RCV-1")
async def test_the_last_boxes_of_two_suppliers_signed_at_once_finish_receiving_once(depot: Depot) -> None:
    await bought(depot)
    await asyncio.gather(receive(depot, "苹果", accepted=20), receive(depot, "牛奶", accepted=8, temperature_tenths=60))
    assert await depot.count("warehouse.receivings") == 1
    assert await depot.count("platform.outbox", "name = 'warehouse.receiving_finished'") == 1


@pytest.mark.rule("RCV-1")
async def test_more_than_was_ordered_is_refused_unless_marked_and_then_becomes_stock(depot: Depot) -> None:
    await bought(depot)
    await refused(depot, receive(depot, "苹果", accepted=21), "over_receipt")
    await receive(depot, "苹果", accepted=21, over=True)
    await receive(depot, "牛奶", accepted=8, temperature_tenths=60)
    await depot.drain()
    assert await depot.stock("苹果") == 8
    results = await depot.do(lambda tx: supply.supplier_results(tx, depot.cycle_id))
    assert {(r.ordered_fen, r.over_fen) for r in results} == {(30_000, 1_500), (5_600, 0)}
    await depot.in_balance()


@pytest.mark.rule("RCV-1")
async def test_a_correction_is_a_row_of_its_own_and_the_first_statement_stays(depot: Depot) -> None:
    await bought(depot)
    first = await receive(depot, "苹果", accepted=18, short=1, lot="A7")
    sku_id = depot.goods["苹果"].sku_id
    instead = warehouse.Arrival(sku_id, accepted=16, rejected=4, reason="霉", lot="A7")
    await depot.do(lambda tx: correct_receipt(tx, receipt_id=first, arrivals=[instead], signed_by="老陈", note="复检"))
    order = (await depot.orders_of())[depot.goods["苹果"].supplier_id]
    assert [(line.accepted, line.short, line.rejected) for line in order.lines] == [(16, 0, 4)]
    found = await depot.do(lambda tx: warehouse.receipts(tx, po_id=order.id))
    assert [receipt.corrects for receipt in found] == [None, first]
    assert [(line.accepted, line.short, line.rejected) for receipt in found for line in receipt.lines] == [
        (18, 1, 0),
        (-2, -1, 4),
    ]
    for receipt in found:
        assert len(receipt.digest) == 64


@pytest.mark.rule("RCV-1")
async def test_a_signed_receipt_cannot_be_changed_by_the_application(depot: Depot) -> None:
    await bought(depot)
    await receive(depot, "苹果", accepted=18)
    for statement in ("UPDATE warehouse.receipt_lines SET accepted = 20", "DELETE FROM warehouse.receipts"):
        tamper = text(f"{statement} WHERE region_id = :region_id")

        async def change(tx: Tx, tamper: Any = tamper) -> None:
            await tx.execute(tamper, {"region_id": tx.region_id})

        with pytest.raises(DBAPIError, match="permission denied"):
            await depot.do(change)


@pytest.mark.rule("RCV-1")
async def test_bad_statements_are_refused_and_nothing_is_written(depot: Depot) -> None:
    await bought(depot)
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("苹果", {}, "nothing"),
        ("苹果", {"accepted": -1, "short": 2}, "negative"),
        ("苹果", {"rejected": 1}, "rejected_without_reason"),
        ("牛奶", {"accepted": 8}, "temperature_missing"),
        ("牛奶", {"accepted": 8, "temperature_tenths": 151}, "too_warm"),
    ]
    for name, stated, reason in wrong:
        await refused(depot, receive(depot, name, **stated), "arrival_refused", reason)
    order = (await depot.orders_of())[depot.goods["苹果"].supplier_id]
    for sku_id in (depot.goods["牛奶"].sku_id, 1):
        arrival = warehouse.Arrival(sku_id, accepted=1)
        work = depot.do(lambda tx, a=arrival: warehouse.receive(tx, po_id=order.id, arrivals=[a], signed_by="老陈"))  # type: ignore[misc]
        await refused(depot, work, "sku_not_ordered")
    arrival = warehouse.Arrival(depot.goods["苹果"].sku_id, accepted=1)
    work = depot.do(lambda tx: warehouse.receive(tx, po_id=depot.cycle_id, arrivals=[arrival], signed_by="老陈"))
    await refused(depot, work, "no_such_purchase_order")
    work = depot.do(lambda tx: warehouse.allocate_shortages(tx, cycle_id=depot.cycle_id))
    await refused(depot, work, "still_receiving")
    work = depot.do(lambda tx: warehouse.plan_wave(tx, cycle_id=depot.cycle_id))
    await refused(depot, work, "still_receiving")


@pytest.mark.rule("RCV-1")
async def test_receiving_cannot_be_finished_before_the_orders_are_out(depot: Depot) -> None:
    await depot.order("李阿姨", ("苹果", 5))
    await depot.close()
    work = depot.do(lambda tx: warehouse.finish_receiving(tx, cycle_id=depot.cycle_id))
    await refused(depot, work, "receiving_too_early")


@pytest.mark.rule("STK-1")
async def test_stock_never_falls_below_zero_whoever_takes_at_once(depot: Depot) -> None:
    sku_id = depot.goods["苹果"].sku_id
    found = supply.StockMove(supply.MovementKind.FOUND, sku_id, 10, "test", 1)
    assert [await depot.do(lambda tx: supply.move_stock(tx, moves=[found])) for _ in range(2)] == [1, 0]

    async def lose(ref: int) -> int:
        move = supply.StockMove(supply.MovementKind.LOSS, sku_id, -3, "test", ref)
        return await depot.do(lambda tx: supply.move_stock(tx, moves=[move]))

    lost = await asyncio.gather(*(lose(ref) for ref in range(8)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in lost) == ["NotEnoughStock"] * 5 + ["int"] * 3
    assert await depot.stock("苹果") == 1
    assert await depot.do(supply.stock_differences) == {}


@pytest.mark.rule("STK-1")
async def test_two_cycles_that_want_the_last_pieces_share_them_and_neither_stumbles(depot: Depot) -> None:
    sku_id = depot.goods["苹果"].sku_id
    found = supply.StockMove(supply.MovementKind.FOUND, sku_id, 10, "test", 1)
    await depot.do(lambda tx: supply.move_stock(tx, moves=[found]))

    async def take(cycle_id: int) -> int:
        wanted = {sku_id: 4}
        given = await depot.do(lambda tx: set_aside(tx, cycle_id=cycle_id, wanted=wanted, ref_kind="purchase"))
        return given.get(sku_id, 0)

    assert sorted(await asyncio.gather(*(take(cycle_id) for cycle_id in range(1, 6)))) == [0, 0, 2, 4, 4]
    assert await depot.stock("苹果") == 0
    assert await depot.do(supply.stock_differences) == {}

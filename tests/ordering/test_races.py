"""What happens when several things happen to an order at once, each in a connection of its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from linli import ordering
from linli.ordering.order.queries import demand as demand_of
from tests.ordering.village import CUT_OFF, GRACE, Village, problem
from tests.people_cast import done


@pytest.mark.rule("ORD-3")
async def test_the_same_order_sent_twenty_times_at_once_is_one_order(village: Village) -> None:
    body = village.basket((village.apples, 1), (village.milk, 2))
    posts = [village.lady.post("/app/orders", body, key="tapped-many-times") for _ in range(20)]
    answers = [done(answer) for answer in await asyncio.gather(*posts)]
    assert len({answer["id"] for answer in answers}) == 1
    assert await village.count("orders") == 1
    assert await village.count("lines") == 2
    assert await village.sold(village.apples) == 1
    other = village.basket((village.apples, 2), (village.milk, 2))
    problem(await village.lady.post("/app/orders", other, key="tapped-many-times"), 409, "idempotency_key_reused")
    assert await village.count("orders") == 1


@pytest.mark.rule("CYC-5")
async def test_forty_baskets_for_twenty_boxes_sell_exactly_twenty(village: Village) -> None:
    people = [village.lady, village.uncle]
    posts = [people[n % 2].post("/app/orders", village.basket((village.apples, 1))) for n in range(40)]
    answers = await asyncio.gather(*posts)
    assert sorted({answer.status_code for answer in answers}) == [200, 409]
    assert sum(answer.status_code == 200 for answer in answers) == 20
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"sold_out"}
    assert await village.sold(village.apples) == 20 == await village.count("lines")
    codes = [(await village.value(answer.json()["id"])).pickup_code for answer in answers if answer.status_code == 200]
    assert len(set(codes)) == 20
    await village.in_balance()


@pytest.mark.rule("PAY-4")
async def test_cancel_and_pay_at_once_leave_a_cancelled_order_without_her_money(village: Village) -> None:
    for _ in range(6):
        order = await village.order(village.lady, (village.milk, 1))
        charge = await village.charge(village.lady, order["id"])
        await village.answer(charge["id"])
        await asyncio.gather(village.lady.post(f"/app/orders/{order['id']}/cancellation", {}), village.drain())
        await village.drain()
        value = await village.value(order["id"])
        assert value.state == "cancelled"
        assert [refund.amount_fen for refund in await village.refunds(order["id"])] == [1_250]
    assert await village.sold(village.milk) == 0


@pytest.mark.rule("ORD-5")
async def test_a_hold_that_ends_while_the_money_comes_is_kept_once_or_given_back_once(village: Village) -> None:
    orders = [await village.order(village.uncle, (village.apples, 1)) for _ in range(8)]
    charges = [await village.charge(village.uncle, order["id"]) for order in orders]
    village.clock.set(village.clock.now() + timedelta(minutes=31))
    await asyncio.gather(
        *[village.answer(charge["id"]) for charge in charges],
        *[village.do(ordering.expire_holds) for _ in range(3)],
    )
    await village.drain()
    for order in orders:
        value = await village.value(order["id"])
        refunds = [refund.amount_fen for refund in await village.refunds(order["id"])]
        assert (value.state, refunds) in (("paid", []), ("cancelled", [3_900]))
    kept = [order for order in orders if (await village.value(order["id"])).state == "paid"]
    assert await village.sold(village.apples) == len(kept)
    serials = sorted([(await village.value(order["id"])).serial or 0 for order in kept])
    assert serials == list(range(1, len(kept) + 1))
    await village.in_balance()


@pytest.mark.rule("ORD-6")
async def test_eight_payments_told_at_once_give_serials_without_gap_or_twin(village: Village) -> None:
    orders = [await village.order(village.uncle, (village.apples, 1)) for _ in range(8)]

    async def paid(number: int, order: dict[str, Any]) -> None:
        charge = await village.charge(village.uncle, order["id"])
        for _ in range(2):
            await village.do(
                lambda tx: ordering.mark_paid(
                    tx, order_id=int(order["id"]), amount_fen=3_900, paid_at=tx.now, charge_id=int(charge["id"])
                )
            )

    await asyncio.gather(*[paid(number, order) for number, order in enumerate(orders)])
    serials = sorted([(await village.value(order["id"])).serial or 0 for order in orders])
    assert serials == list(range(1, 9))


@pytest.mark.rule("CYC-3")
async def test_two_workers_confirm_a_cycle_while_the_last_payments_arrive(village: Village) -> None:
    village.clock.set(CUT_OFF - timedelta(minutes=4))
    orders = [await village.order(village.uncle, (village.apples, 1)) for _ in range(8)]
    charges = [await village.charge(village.uncle, order["id"]) for order in orders]
    village.clock.set(GRACE)
    await asyncio.gather(
        *[village.answer(charge["id"]) for charge in charges],
        *[village.do(lambda tx: ordering.confirm_cycle(tx, cycle_id=village.cycle_id)) for _ in range(2)],
        village.do(ordering.expire_holds),
    )
    await village.drain()
    for order in orders:
        value = await village.value(order["id"])
        refunds = [refund.amount_fen for refund in await village.refunds(order["id"])]
        assert (str(value.state), refunds) in (("confirmed", []), ("cancelled", [3_900]))
    demand = await village.do(lambda tx: demand_of(tx, village.cycle_id))
    assert sum(line.quantity for line in demand) == await village.sold(village.apples)


async def test_many_cancel_and_order_the_same_goods_in_both_orders_without_a_deadlock(village: Village) -> None:
    placed = [
        await village.order(who, (village.apples, 1), (village.offers[2], 1))
        for who in (village.lady, village.uncle) * 4
    ]
    posts = []
    for number, order in enumerate(placed):
        who = (village.lady, village.uncle)[number % 2]
        posts.append(who.post(f"/app/orders/{order['id']}/cancellation", {}))
        posts.append(who.post("/app/orders", village.basket((village.offers[2], 1), (village.apples, 1))))
    assert {answer.status_code for answer in await asyncio.gather(*posts)} == {200}
    assert await village.sold(village.apples) == 8
    await village.in_balance()


@pytest.mark.rule("ORD-5")
async def test_four_workers_end_thirty_holds_and_each_ends_once(village: Village) -> None:
    eggs = village.offers[2]
    for _ in range(15):
        await asyncio.gather(*[village.order(who, (eggs, 1)) for who in (village.lady, village.uncle)])
    village.clock.set(village.clock.now() + timedelta(minutes=31))
    ended = await asyncio.gather(*[village.do(ordering.expire_holds) for _ in range(4)])
    assert sum(ended) == 30
    assert await village.sold(eggs) == 0
    await village.in_balance()

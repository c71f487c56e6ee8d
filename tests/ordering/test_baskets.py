"""Stories of a member who orders for several days at once and pays once."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from linli import ordering
from tests.marketing.stall import claimed, coupon, template
from tests.marketing.test_points import balance, granted
from tests.ordering.test_leader import Counted
from tests.ordering.village import TUESDAY, Village, problem
from tests.people_cast import done

WEDNESDAY = TUESDAY + timedelta(days=1)


async def two_cycles(village: Village, day: date = WEDNESDAY) -> tuple[str, list[int]]:
    """Open a second cycle beside Tuesday's and return it with its offers."""
    cycle_id, offers = await village.open_cycle(day, at_once=True)
    return str(cycle_id), offers


def wanted(cycle_id: Any, *lines: tuple[int, int], expect: int, **more: Any) -> dict[str, Any]:
    """Return one order of a basket."""
    pieces = [{"offer_id": str(offer), "quantity": quantity} for offer, quantity in lines]
    return {"cycle_id": str(cycle_id), "lines": pieces, "expect_payable_fen": expect, **more}


@pytest.mark.rule("ORD-1")
@pytest.mark.rule("ORD-6")
async def test_a_basket_over_two_days_becomes_two_orders_that_are_paid_together(village: Village) -> None:
    other, offers = await two_cycles(village)
    orders = [
        wanted(village.cycle_id, (village.apples, 1), expect=3_900),
        wanted(other, (offers[1], 2), (offers[2], 1), expect=2 * 1_250 + 2_680),
    ]
    shown = done(await village.lady.post("/app/baskets/quote", {"orders": [_priceless(one) for one in orders]}))
    assert [one["payable_fen"] for one in shown["orders"]] == [3_900, 5_180]
    basket = done(await village.lady.post("/app/baskets", {"orders": orders, "channel": "offline"}))
    assert basket["payable_fen"] == shown["payable_fen"] == 9_080 == basket["charge"]["amount_fen"]
    assert [one["cycle_id"] for one in basket["orders"]] == [str(village.cycle_id), other]
    assert set(basket["charge"]["orders"]) == {one["id"] for one in basket["orders"]}
    await village.money_comes(basket["charge"]["id"])
    seen = [await village.seen(village.lady, one["id"]) for one in basket["orders"]]
    assert [(one["state"], one["serial"], one["paid_fen"]) for one in seen] == [("paid", 1, 3_900), ("paid", 1, 5_180)]
    await village.in_balance()


@pytest.mark.rule("ORD-2")
@pytest.mark.rule("PRC-5")
async def test_when_one_order_of_a_basket_is_refused_none_is_placed_and_it_is_named(village: Village) -> None:
    other, offers = await two_cycles(village)
    before = [*await village.written(), await village.sold(offers[0])]
    charges = await _charges(village)
    good = wanted(village.cycle_id, (village.apples, 1), expect=3_900)
    for bad, code in (
        (wanted(other, (offers[1], 1), expect=1), "price_changed"),
        (wanted(other, (offers[0], 21), expect=21 * 3_900), "sold_out"),
        (wanted(other, (village.milk, 1), expect=1_250), "offer_elsewhere"),
    ):
        refused = problem(await village.lady.post("/app/baskets", {"orders": [good, bad]}), 409, code)
        assert (refused["order"], refused["cycle_id"]) == (1, other)
    quoted = {"orders": [_priceless(good), _priceless(wanted(other, (village.milk, 1), expect=0))]}
    refused = problem(await village.lady.post("/app/baskets/quote", quoted), 409, "offer_elsewhere")
    assert refused["order"] == 1
    assert [*await village.written(), await village.sold(offers[0])] == before
    assert await _charges(village) == charges


@pytest.mark.rule("PRC-2")
async def test_coupons_are_for_one_order_of_a_basket(village: Village) -> None:
    other, offers = await two_cycles(village)
    before = await village.written()
    orders = [
        wanted(village.cycle_id, (village.apples, 1), expect=3_900, using={"coupon": ["1"]}),
        wanted(other, (offers[0], 1), expect=3_900, using={"coupon": ["2"]}),
    ]
    refused = problem(await village.lady.post("/app/baskets", {"orders": orders}), 422, "coupons_in_several_orders")
    assert refused["orders"] == [0, 1]
    quoted = {"orders": [_priceless(one) for one in orders]}
    problem(await village.lady.post("/app/baskets/quote", quoted), 422, "coupons_in_several_orders")
    assert await village.written() == before


@pytest.mark.rule("ORD-3")
async def test_a_basket_sent_twice_under_one_key_is_placed_once(village: Village) -> None:
    other, offers = await two_cycles(village)
    orders = [
        wanted(village.cycle_id, (village.apples, 1), expect=3_900),
        wanted(other, (offers[0], 1), expect=3_900),
    ]
    twice = [village.lady.post("/app/baskets", {"orders": orders}, key="one-basket-key") for _ in range(2)]
    first, second = [done(answer) for answer in await asyncio.gather(*twice)]
    assert first == second
    assert await village.count("orders") == 2


@pytest.mark.rule("ORD-5")
@pytest.mark.rule("ORD-9")
async def test_one_order_of_a_basket_can_be_cancelled_and_only_its_share_comes_back(village: Village) -> None:
    other, offers = await two_cycles(village)
    orders = [
        wanted(village.cycle_id, (village.apples, 1), expect=3_900),
        wanted(other, (offers[0], 2), expect=7_800),
    ]
    basket = done(await village.lady.post("/app/baskets", {"orders": orders, "channel": "offline"}))
    await village.money_comes(basket["charge"]["id"])
    gone = done(await village.lady.post(f"/app/orders/{basket['orders'][1]['id']}/cancellation", {}))
    assert (gone["state"], gone["refunded_fen"]) == ("cancelled", 7_800)
    assert (await village.seen(village.lady, basket["orders"][0]["id"]))["state"] == "paid"
    assert [one.amount_fen for one in await village.refunds(gone["id"])] == [7_800]
    assert await village.sold(offers[0]) == 0
    await village.in_balance()


@pytest.mark.rule("ORD-9")
@pytest.mark.rule("ORD-5")
@pytest.mark.parametrize("how", ["cancelled unpaid", "cancelled paid", "hold ended"])
async def test_what_a_basket_used_comes_back_whole_however_it_ends(village: Village, how: str) -> None:
    other, offers = await two_cycles(village)
    coupon_id = await claimed(village.lady, await template(village))
    await granted(village, village.lady, 1_000)
    before = [await village.sold(village.apples), await village.sold(offers[0])]
    orders = [
        wanted(village.cycle_id, (village.apples, 1), expect=3_400, using={"coupon": [coupon_id]}),
        wanted(other, (offers[0], 1), expect=3_400, using={"points": 500}),
    ]
    basket = done(await village.lady.post("/app/baskets", {"orders": orders, "channel": "offline"}))
    assert basket["charge"]["amount_fen"] == 6_800
    assert (await coupon(village.lady, coupon_id))["state"] == "locked"
    assert await balance(village.lady) == 500
    if how == "cancelled paid":
        await village.money_comes(basket["charge"]["id"])
    if how == "hold ended":
        village.clock.set(village.clock.now() + timedelta(minutes=31))
        await village.do(ordering.expire_holds)
    else:
        for one in basket["orders"]:
            done(await village.lady.post(f"/app/orders/{one['id']}/cancellation", {}))
    await village.drain()
    seen = [await village.seen(village.lady, one["id"]) for one in basket["orders"]]
    assert [one["state"] for one in seen] == ["cancelled", "cancelled"]
    assert sum(one["refunded_fen"] for one in seen) == (6_800 if how == "cancelled paid" else 0)
    assert (await coupon(village.lady, coupon_id))["state"] == "claimed"
    assert await balance(village.lady) == 1_000
    assert [await village.sold(village.apples), await village.sold(offers[0])] == before
    await village.in_balance()


async def test_a_basket_to_be_paid_in_person_has_serials_at_once_and_no_charge(village: Village) -> None:
    other, offers = await two_cycles(village)
    orders = [
        wanted(village.cycle_id, (village.apples, 1), expect=3_900),
        wanted(other, (offers[0], 1), expect=3_900),
    ]
    basket = done(await village.lady.post("/app/baskets", {"orders": orders, "payment": "offline"}))
    assert basket["charge"] is None
    assert [one["serial"] for one in basket["orders"]] == [1, 1]


async def test_a_basket_of_four_orders_takes_hardly_more_statements_than_of_two(village: Village) -> None:
    other, offers = await two_cycles(village)
    two = [
        wanted(village.cycle_id, (village.apples, 1), expect=3_900),
        wanted(other, (offers[0], 1), expect=3_900),
    ]
    done(await village.uncle.post("/app/baskets", {"orders": two}))
    with Counted(village) as few:
        done(await village.lady.post("/app/baskets", {"orders": two}))
    with Counted(village) as more:
        done(await village.lady.post("/app/baskets", {"orders": two + two}))
    assert more.number <= few.number, more.statements


def _priceless(order: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in order.items() if name != "expect_payable_fen"}


async def _charges(village: Village) -> int:
    async def counted(tx: Any) -> int:
        statement = text("SELECT count(*) FROM money.charges WHERE region_id = :region_id")
        return int((await tx.execute(statement, {"region_id": tx.region_id})).scalar_one())

    return await village.do(counted)

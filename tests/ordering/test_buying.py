"""Stories of a member who orders, pays, changes her mind, or comes too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linli import ordering, sale
from linli.ordering.order.queries import demand as demand_of
from linli.ordering.order.queries import paid_lines
from tests.ordering.village import CUT_OFF, GRACE, TUESDAY, Village, problem
from tests.people_cast import done


@pytest.mark.rule("PRC-1")
@pytest.mark.rule("PRC-5")
async def test_what_the_quote_shows_is_what_the_order_costs(village: Village) -> None:
    lines = [{"offer_id": str(village.apples), "quantity": 2}, {"offer_id": str(village.milk), "quantity": 3}]
    quote = done(await village.lady.post("/app/quotes", {"cycle_id": str(village.cycle_id), "lines": lines}))
    assert quote["payable_fen"] == 2 * 3_900 + 3 * 1_250 == sum(line["payable_fen"] for line in quote["lines"])
    assert quote["lines"][0]["left"] == 20
    order = await village.order(village.lady, (village.apples, 2), (village.milk, 3), expect=quote["payable_fen"])
    assert order["payable_fen"] == quote["payable_fen"]
    assert [line["payable_fen"] for line in order["lines"]] == [line["payable_fen"] for line in quote["lines"]]


@pytest.mark.rule("PRC-5")
async def test_a_changed_price_refuses_the_order_and_says_the_difference(village: Village) -> None:
    before = await village.written()
    answer = await village.lady.post("/app/orders", village.basket((village.apples, 2), expect=7_000))
    refused = problem(answer, 409, "price_changed")
    assert (refused["expected_fen"], refused["payable_fen"]) == (7_000, 7_800)
    assert await village.written() == before


@pytest.mark.rule("ORD-1")
@pytest.mark.rule("ORD-6")
async def test_she_orders_pays_and_sees_countdown_serial_code_and_each_state(village: Village) -> None:
    placed = await village.order(village.lady, (village.apples, 1), (village.apples, 1), (village.milk, 1))
    assert [line["quantity"] for line in placed["lines"]] == [2, 1]
    assert placed["state"] == "placed"
    assert placed["serial"] is None
    assert placed["pay_within_seconds"] == 30 * 60
    assert placed["cut_off_in_seconds"] == (CUT_OFF - village.clock.now()).total_seconds()
    assert placed["promised_from"] == "2026-11-24T08:00:00Z"
    charge = await village.charge(village.lady, placed["id"])
    assert charge["amount_fen"] == placed["payable_fen"]
    await village.money_comes(charge["id"])
    paid = await village.seen(village.lady, placed["id"])
    assert (paid["state"], paid["serial"], paid["paid_fen"]) == ("paid", 1, placed["payable_fen"])
    assert len(paid["pickup_code"]) == 6
    assert paid["pickup_code"].isdigit()
    assert [step["state"] for step in paid["timeline"]] == ["placed", "paid"]
    await village.in_balance()


@pytest.mark.rule("ORD-6")
async def test_serial_numbers_of_a_station_have_no_gaps_whoever_never_paid(village: Village) -> None:
    first = await village.paid_order(village.lady, (village.apples, 1))
    await village.order(village.uncle, (village.apples, 1))
    second = await village.paid_order(village.uncle, (village.milk, 1))
    third = await village.paid_order(village.lady, (village.milk, 1))
    assert [first["serial"], second["serial"], third["serial"]] == [1, 2, 3]


@pytest.mark.rule("ORD-1")
async def test_a_basket_over_two_cycles_is_two_orders_paid_together(village: Village) -> None:
    village.clock.set(CUT_OFF - timedelta(hours=2))
    one = await village.order(village.lady, (village.apples, 1))
    (early, offers), village.offers = (village.cycle_id, village.offers), []
    village.cycle_id, village.offers = await village.open_cycle(TUESDAY + timedelta(days=1), at_once=True)
    mixed = village.basket((village.apples, 1), (offers[0], 1), expect=7_800)
    problem(await village.lady.post("/app/orders", mixed), 409, "offer_elsewhere")
    two = await village.order(village.lady, (village.apples, 2))
    charge = await village.charge(village.lady, one["id"], two["id"])
    assert charge["amount_fen"] == 3 * 3_900
    assert charge["orders"] == {one["id"]: 3_900, two["id"]: 7_800}
    await village.money_comes(charge["id"])
    assert [(await village.value(each["id"])).state for each in (one, two)] == ["paid", "paid"]
    assert [(await village.value(each["id"])).cycle_id for each in (one, two)] == [early, village.cycle_id]


@pytest.mark.rule("ORD-9")
async def test_she_cancels_before_cut_off_and_all_her_money_goes_back(village: Village) -> None:
    order = await village.paid_order(village.lady, (village.apples, 3))
    assert await village.sold(village.apples) == 3
    gone = done(await village.lady.post(f"/app/orders/{order['id']}/cancellation", {"reason": "不要了"}))
    assert (gone["state"], gone["refunded_fen"], gone["pickup_code"]) == ("cancelled", 3 * 3_900, None)
    assert await village.sold(village.apples) == 0
    assert [refund.amount_fen for refund in await village.refunds(order["id"])] == [3 * 3_900]
    again = done(await village.lady.post(f"/app/orders/{order['id']}/cancellation", {}))
    assert again["state"] == "cancelled"
    assert len(await village.refunds(order["id"])) == 1
    await village.drain()
    await village.in_balance()


@pytest.mark.rule("ORD-9")
async def test_after_cut_off_she_cannot_cancel_any_more(village: Village) -> None:
    order = await village.paid_order(village.lady, (village.apples, 1))
    village.clock.set(CUT_OFF)
    answer = await village.lady.post(f"/app/orders/{order['id']}/cancellation", {})
    problem(answer, 409, "too_late_to_cancel")
    assert (await village.seen(village.lady, order["id"]))["state"] == "paid"
    assert await village.sold(village.apples) == 1


@pytest.mark.rule("ORD-5")
async def test_an_unpaid_hold_ends_and_gives_back_stock_and_limits(village: Village) -> None:
    order = await village.order(village.lady, (village.milk, 5), (village.apples, 20))
    problem(await village.uncle.post("/app/orders", village.basket((village.apples, 1))), 409, "sold_out")
    problem(await village.lady.post("/app/orders", village.basket((village.milk, 1))), 409, "limit_exceeded")
    village.clock.set(village.clock.now() + timedelta(minutes=30, seconds=-1))
    assert await village.do(ordering.expire_holds) == 0
    village.clock.set(village.clock.now() + timedelta(seconds=1))
    assert await village.do(ordering.expire_holds) == 1
    assert await village.do(ordering.expire_holds) == 0
    assert (await village.seen(village.lady, order["id"]))["state"] == "cancelled"
    assert await village.sold(village.apples) == 0
    await village.order(village.uncle, (village.apples, 1))
    await village.order(village.lady, (village.milk, 5))
    await village.in_balance()


@pytest.mark.rule("ORD-5")
async def test_in_the_last_hour_a_hold_is_ten_minutes_and_never_longer_than_the_grace(village: Village) -> None:
    village.clock.set(CUT_OFF - timedelta(minutes=30))
    assert (await village.order(village.lady, (village.milk, 1)))["pay_within_seconds"] == 600
    village.clock.set(CUT_OFF - timedelta(minutes=1))
    assert (await village.order(village.lady, (village.milk, 1)))["pay_within_seconds"] == 360


@pytest.mark.rule("PAY-4")
async def test_money_for_a_cancelled_order_goes_back_in_full_and_she_reads_about_it(village: Village) -> None:
    order = await village.order(village.lady, (village.apples, 2))
    charge = await village.charge(village.lady, order["id"], channel="sandbox")
    done(await village.lady.post(f"/app/orders/{order['id']}/cancellation", {}))
    await village.answer(charge["id"])
    await told(village, order["id"])
    seen = await village.seen(village.lady, order["id"])
    assert (seen["state"], seen["paid_fen"], seen["serial"]) == ("cancelled", 0, None)
    assert [refund.amount_fen for refund in await village.refunds(order["id"])] == [7_800]
    messages = done(await village.lady.get("/app/messages"))
    assert any("78.00" in message["text"] for message in messages["items"])
    assert await village.sold(village.apples) == 0


@pytest.mark.rule("PAY-4")
@pytest.mark.rule("CYC-3")
async def test_money_after_the_grace_goes_back_and_the_goods_are_free(village: Village) -> None:
    order = await village.order(village.lady, (village.apples, 2))
    charge = await village.charge(village.lady, order["id"])
    village.clock.set(GRACE + timedelta(seconds=1))
    await village.money_comes(charge["id"])
    seen = await village.seen(village.lady, order["id"])
    assert (seen["state"], seen["paid_fen"]) == ("cancelled", 0)
    assert [refund.amount_fen for refund in await village.refunds(order["id"])] == [7_800]
    assert await village.sold(village.apples) == 0


@pytest.mark.rule("CYC-3")
async def test_money_within_the_grace_counts_though_the_cut_off_has_passed(village: Village) -> None:
    village.clock.set(CUT_OFF - timedelta(minutes=2))
    order = await village.order(village.lady, (village.apples, 2))
    charge = await village.charge(village.lady, order["id"])
    village.clock.set(CUT_OFF + timedelta(minutes=1))
    await village.do(sale.close_due)
    await village.drain()
    assert await village.do(lambda tx: ordering.confirm_cycle(tx, cycle_id=village.cycle_id)) == 0
    await village.money_comes(charge["id"])
    assert (await village.seen(village.lady, order["id"]))["state"] == "paid"
    village.clock.set(GRACE)
    assert await village.do(lambda tx: ordering.confirm_cycle(tx, cycle_id=village.cycle_id)) == 1
    assert (await village.seen(village.lady, order["id"]))["state"] == "confirmed"


@pytest.mark.rule("ORD-4")
async def test_at_cut_off_the_paid_are_confirmed_and_the_unpaid_cancelled(village: Village) -> None:
    paid = await village.paid_order(village.lady, (village.apples, 1))
    village.clock.set(CUT_OFF - timedelta(minutes=3))
    unpaid = await village.order(village.uncle, (village.apples, 4))
    village.clock.set(GRACE)
    await village.do(sale.close_due)
    assert await village.do(lambda tx: ordering.confirm_cycle(tx, cycle_id=village.cycle_id)) == 1
    assert await village.do(lambda tx: ordering.confirm_cycle(tx, cycle_id=village.cycle_id)) == 0
    assert (await village.value(paid["id"])).state == "confirmed"
    assert (await village.value(unpaid["id"])).state == "cancelled"
    assert await village.sold(village.apples) == 1
    demand = await village.do(lambda tx: demand_of(tx, village.cycle_id))
    assert [(line.offer_id, line.quantity, line.orders) for line in demand] == [(village.apples, 1, 1)]
    lines = await village.do(lambda tx: paid_lines(tx, village.cycle_id))
    assert [(line.offer_id, line.serial, line.paid_fen) for line in lines] == [(village.apples, 1, 3_900)]


async def test_a_payment_whose_news_is_late_is_taken_at_cut_off_not_cancelled(village: Village) -> None:
    village.clock.set(CUT_OFF - timedelta(minutes=3))
    order = await village.order(village.lady, (village.apples, 1))
    charge = await village.charge(village.lady, order["id"])
    await village.answer(charge["id"])
    village.clock.set(GRACE + timedelta(minutes=1))
    await village.do(sale.close_due)
    assert await village.do(lambda tx: ordering.confirm_cycle(tx, cycle_id=village.cycle_id)) == 1
    assert (await village.value(order["id"])).state == "confirmed"
    await village.drain()
    assert (await village.value(order["id"])).paid_fen == 3_900
    assert await village.refunds(order["id"]) == []


async def test_two_charges_for_one_order_pay_it_once_and_the_second_goes_back(village: Village) -> None:
    order = await village.order(village.lady, (village.apples, 1))
    first = await village.charge(village.lady, order["id"], channel="sandbox")
    second = await village.charge(village.lady, order["id"], channel="offline")
    assert first["id"] != second["id"]
    assert (await village.charge(village.lady, order["id"], channel="offline"))["id"] == second["id"]
    await village.answer(second["id"])
    await village.answer(first["id"])
    await told(village, order["id"])
    assert (await village.value(order["id"])).charge_id == int(second["id"])
    refunds = await village.refunds(order["id"])
    assert [(refund.charge_id, refund.amount_fen) for refund in refunds] == [(int(first["id"]), 3_900)]
    assert (await village.seen(village.lady, order["id"]))["state"] == "paid"


async def told(village: Village, order_id: str) -> None:
    """Let the news of payments be told without letting the jobs talk to a channel that no test here has."""
    for _ in range(3):
        await village.installation.runner.pass_outbox([village.cast.region_id])

"""Coupons from the operator's desk to a paid order and back, and what many do to them at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from linli import marketing, ordering
from linli.platform.database import Tx
from tests.marketing.stall import claimed, coupon, office, ordered, paid, place, placed_at_once, quoted, template
from tests.ordering.village import Village, problem
from tests.people_cast import done


async def figures(village: Village, template_id: str) -> dict[str, Any]:
    """Return the figures of a template as the console shows them."""
    listed = done(await (await village.cast.operator()).get("/console/coupon-templates"))["items"]
    found = next(one for one in listed if one["id"] == template_id)
    return {"issued": found["issued"], "taken_fen": found["taken_fen"], **found["figures"]}


@pytest.mark.rule("MKT-1")
async def test_the_default_coupons_are_made_in_one_call_and_only_once(village: Village) -> None:
    assert len((await office(village, "/coupon-templates/defaults"))["ids"]) == 6
    assert (await office(village, "/coupon-templates/defaults"))["ids"] == []
    listed = done(await (await village.cast.operator()).get("/console/coupon-templates"))["items"]
    assert {(one["key"], one["threshold_fen"], one["off_fen"]) for one in listed} >= {
        ("everyday", 5_000, 500), ("active", 10_000, 1_200), ("return", 3_000, 800), ("compensation", 2_000, 300),
    }  # fmt: skip
    assert [one["title"] for one in done(await village.lady.get("/app/coupons/claimable"))] == ["满50减5"]


@pytest.mark.rule("MKT-1")
async def test_she_claims_a_coupon_orders_with_it_pays_and_it_is_spent(village: Village) -> None:
    made = await template(village, budget_fen=10_000)
    mine = await claimed(village.lady, made)
    shown = await quoted(village, village.lady, (village.apples, 1), coupon=[mine])
    assert shown["payable_fen"] == 3_400
    placed = await ordered(village, village.lady, (village.apples, 1), coupon=[mine])
    assert placed["payable_fen"] == 3_400
    assert (await coupon(village.lady, mine))["state"] == "locked"
    assert (await coupon(village.lady, mine))["order_id"] == placed["id"]
    await village.money_comes((await village.charge(village.lady, placed["id"]))["id"])
    assert (await coupon(village.lady, mine))["state"] == "spent"
    assert await figures(village, made["id"]) == {
        "issued": 1, "taken_fen": 500, "claimed": 0, "locked": 0, "spent": 1, "spent_fen": 500, "members": 1,
    }  # fmt: skip
    await village.in_balance()


@pytest.mark.rule("MKT-1")
@pytest.mark.parametrize("how", ["cancelled unpaid", "cancelled paid", "not paid in time"])
async def test_a_coupon_comes_back_when_the_order_does_not_stand(village: Village, how: str) -> None:
    made = await template(village, budget_fen=10_000)
    mine = await claimed(village.lady, made)
    place = paid if how == "cancelled paid" else ordered
    placed = await place(village, village.lady, (village.apples, 1), coupon=[mine])
    if how == "not paid in time":
        village.clock.set(village.clock.now() + timedelta(minutes=31))
        assert await village.do(ordering.expire_holds) == 1
        assert await village.do(ordering.expire_holds) == 0
    else:
        for _ in range(2):
            done(await village.lady.post(f"/app/orders/{placed['id']}/cancellation", {}))
    await village.drain()
    assert (await coupon(village.lady, mine))["state"] == "claimed"
    assert (await figures(village, made["id"]))["taken_fen"] == 0
    again = await ordered(village, village.lady, (village.apples, 1), coupon=[mine])
    assert again["payable_fen"] == 3_400


@pytest.mark.rule("ORD-2")
async def test_an_order_with_a_coupon_that_cannot_count_is_refused_and_nothing_is_written(village: Village) -> None:
    made = await template(village, threshold_fen=2_000)
    mine, other = await claimed(village.lady, made), await claimed(village.uncle, made)
    before = await village.written()

    async def refused(status: int, code: str, *lines: tuple[int, int], **using: Any) -> dict[str, Any]:
        answer = await village.lady.post("/app/orders", village.basket(*lines, expect=1, using=using))
        return problem(answer, status, code)

    why = await refused(409, "promotion_not_usable", (village.milk, 1), coupon=[mine])
    assert why["reason"] == "missing_fen:750"
    await refused(404, "no_such_coupon", (village.apples, 1), coupon=[other])
    await refused(422, "coupon_unclear", (village.apples, 1), coupon=[mine, mine])
    await refused(422, "coupon_unclear", (village.apples, 1), coupon={"id": mine})
    await refused(422, "promotion_unknown", (village.apples, 1), lottery=1)
    await refused(409, "price_changed", (village.apples, 1), coupon=[mine])
    village.clock.set(village.clock.now() + timedelta(hours=1))
    assert await village.written() == before
    assert (await coupon(village.lady, mine))["state"] == "claimed"
    shown = await quoted(village, village.lady, (village.milk, 1), coupon=[mine])
    assert shown["payable_fen"] == 1_250


@pytest.mark.rule("MKT-1")
async def test_a_coupon_ends_by_its_time_and_the_member_sees_it(village: Village) -> None:
    until = village.clock.now() + timedelta(hours=1)
    made = await template(village, valid_days=None, valid_until=until.isoformat())
    mine = await claimed(village.lady, made)
    village.clock.set(until)
    assert (await coupon(village.lady, mine))["expired"]
    answer = await village.lady.post("/app/orders", village.basket((village.apples, 1), using={"coupon": [mine]}))
    problem(answer, 409, "coupon_expired")
    problem(await village.uncle.post("/app/coupons", {"template_id": made["id"]}), 409, "template_stopped")


@pytest.mark.rule("MKT-1")
async def test_a_stopped_template_gives_no_more_and_keeps_what_members_have(village: Village) -> None:
    made = await template(village)
    mine = await claimed(village.lady, made)
    for _ in range(2):
        await office(village, f"/coupon-templates/{made['id']}/stop")
    problem(await village.uncle.post("/app/coupons", {"template_id": made["id"]}), 409, "template_stopped")
    assert (await ordered(village, village.lady, (village.apples, 1), coupon=[mine]))["payable_fen"] == 3_400


@pytest.mark.rule("MKT-1")
async def test_thirty_claims_at_once_for_ten_coupons_give_ten(village: Village) -> None:
    made = await template(village, stock=10, per_member=1_000)
    posts = [
        [village.lady, village.uncle][n % 2].post("/app/coupons", {"template_id": made["id"]}) for n in range(30)
    ]  # fmt: skip
    answers = await asyncio.gather(*posts)
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 20
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"coupons_gone"}
    assert (await figures(village, made["id"]))["issued"] == 10


@pytest.mark.rule("MKT-1")
async def test_a_member_who_claims_ten_times_at_once_gets_what_one_member_may(village: Village) -> None:
    made = await template(village, per_member=2)
    answers = await asyncio.gather(*[village.lady.post("/app/coupons", {"template_id": made["id"]}) for _ in range(10)])
    assert sorted(answer.status_code for answer in answers) == [200] * 2 + [409] * 8
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"claim_limit_reached"}


@pytest.mark.rule("ORD-2")
async def test_one_coupon_in_eight_orders_at_once_counts_in_one(village: Village) -> None:
    mine = await claimed(village.lady, await template(village))
    body = village.basket((village.apples, 1), expect=3_400, using={"coupon": [mine]})
    answers = await asyncio.gather(*[village.lady.post("/app/orders", body) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"coupon_in_use"}
    assert await village.count("orders") == 1 == await village.sold(village.apples)


@pytest.mark.rule("ORD-2")
async def test_one_coupon_in_orders_that_several_processes_place_counts_in_one(village: Village) -> None:
    mine = await claimed(village.lady, await template(village))
    baskets = (village.apples, village.milk, village.offers[2])  # different goods: no lock of stock puts them in a row
    placed, refused = await placed_at_once(
        *[place(village, village.lady, (offer, 3), coupon=[mine]) for offer in baskets]
    )
    assert (len(placed), refused) == (1, ["coupon_in_use"] * 2)
    assert (await coupon(village.lady, mine))["order_id"] == str(placed[0].id)


@pytest.mark.rule("MKT-1")
async def test_a_budget_for_two_coupons_pays_for_two_of_six_orders_at_once(village: Village) -> None:
    made = await template(village, budget_fen=1_400, per_member=6)
    mine = [await claimed(village.lady, made) for _ in range(6)]
    baskets = [village.apples, village.milk, village.offers[2]] * 2
    placed, refused = await placed_at_once(
        *[
            place(village, village.lady, (offer, 2), coupon=[each])
            for offer, each in zip(baskets, mine, strict=True)
        ]
    )  # fmt: skip
    assert (len(placed), refused) == (2, ["coupon_budget_spent"] * 4)
    found = await figures(village, made["id"])
    assert (found["taken_fen"], found["locked"], found["claimed"]) == (1_000, 2, 4)


@pytest.mark.rule("MKT-1")
async def test_a_compensation_is_given_once_per_reason_however_often_it_is_asked_for(village: Village) -> None:
    member_id = village.lady.id

    async def give(tx: Tx) -> int | None:
        return await marketing.give_coupon(
            tx, member_id=member_id, template="compensation", reason="苹果缺货", ref="shortage:7"
        )

    assert await village.do(give) is None  # a region without the template refuses nobody anything
    await office(village, "/coupon-templates/defaults")
    given = await asyncio.gather(*[village.do(give) for _ in range(5)])
    assert len(set(given)) == 1
    assert [one["title"] for one in done(await village.lady.get("/app/coupons"))["items"]] == ["满20减3"]


@pytest.mark.rule("MKT-1")
async def test_an_operator_gives_a_coupon_to_some_members_all_or_none(village: Village) -> None:
    made = await template(village, claimable=False, stock=3)
    path, ids = f"/coupon-templates/{made['id']}/givings", [str(village.lady.id), str(village.uncle.id)]
    body = {"member_ids": ids, "reason": "老邻居回馈", "ref": "autumn"}
    assert (await office(village, path, body))["given"] == 2
    assert (await office(village, path, body))["given"] == 0
    operator = await village.cast.operator()
    problem(await operator.post(f"/console{path}", body | {"ref": "winter"}), 409, "coupons_gone")
    problem(await operator.post(f"/console{path}", body | {"member_ids": ["77"]}), 404, "no_such_member")
    problem(await village.lady.post("/app/coupons", {"template_id": made["id"]}), 404, "no_such_template")
    assert (await figures(village, made["id"]))["issued"] == 2


@pytest.mark.rule("MKT-1")
@pytest.mark.parametrize(("pieces", "state"), [(1, "spent"), (2, "claimed")])
async def test_a_full_refund_gives_the_coupon_back_and_a_partial_one_keeps_it(
    village: Village, pieces: int, state: str
) -> None:
    mine = await claimed(village.lady, await template(village))
    order = await paid(village, village.lady, (village.apples, 2), coupon=[mine])
    value = await village.value(order["id"])
    assert value.paid_fen == 7_300

    async def refund(tx: Tx) -> int:
        return await ordering.refund_line(
            tx, line_id=value.lines[0].id, quantity=pieces, reason="坏果", ref_kind="test", ref_id=1
        )

    assert await village.do(refund) == 3_650 * pieces  # the stored split, not the offer's price
    await village.drain()
    assert (await coupon(village.lady, mine))["state"] == state


@pytest.mark.rule("MKT-1")
async def test_she_sees_which_of_her_coupons_saves_most_on_a_basket_and_why_others_do_not(village: Village) -> None:
    five = await claimed(village.lady, await template(village))
    tenth = await claimed(village.lady, await template(village, form="percent", off_bp=2_000, off_fen=0))
    large = await claimed(village.lady, await template(village, threshold_fen=9_000))
    lines = [{"offer_id": str(village.apples), "quantity": 1}]
    found = done(
        await village.lady.post("/app/coupons/weighing", {"cycle_id": str(village.cycle_id), "lines": lines})
    )  # fmt: skip
    assert [(one["coupon"]["id"], one["saves_fen"], one["why"]) for one in found] == [
        (tenth, 780, ""), (five, 500, ""), (large, 0, "missing_fen:5100"),
    ]  # fmt: skip


@pytest.mark.rule("MKT-1")
@pytest.mark.parametrize(
    "wrong",
    [
        {"off_fen": 0}, {"off_fen": 3_000}, {"form": "percent", "off_bp": 0}, {"form": "exchange"},
        {"valid_until": "2026-12-01T00:00:00Z"}, {"valid_days": None},
    ],
)  # fmt: skip
async def test_a_template_that_contradicts_itself_is_refused(village: Village, wrong: dict[str, Any]) -> None:
    body = {"title": "满20减5", "form": "amount", "off_fen": 500, "threshold_fen": 2_000, "valid_days": 7}
    operator = await village.cast.operator()
    problem(await operator.post("/console/coupon-templates", body | wrong), 422, "template_contradicts")
    assert done(await operator.get("/console/coupon-templates"))["items"] == []

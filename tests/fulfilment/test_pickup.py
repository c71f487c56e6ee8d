"""At the station: codes, names, part of an order, the second time, and two phones at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from linli import sale
from linli.fulfilment.pickup.queries import COLLECTING
from tests.fulfilment.yard import Yard
from tests.ordering.village import problem
from tests.people_cast import done

Counted = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
async def yard(yard: Yard) -> Yard:
    """The yard with all goods at their stations."""
    await yard.arrived()
    return yard


@pytest.mark.rule("PUP-1")
async def test_one_code_takes_all_that_a_person_has_at_the_station(yard: Yard) -> None:
    second = await another_order_of_the_same_person(yard)
    [first, *_] = yard.orders
    answer = done(await yard.pick_up(code=await yard.code(first)))
    assert {each["order_id"] for each in answer} == {str(first), str(second)}
    assert all(each["complete"] and not each["already"] for each in answer)
    states = {order: (await yard.depot.value(order)).state.value for order in [*yard.orders, second]}
    assert states == {
        first: "collected",
        second: "collected",
        yard.orders[1]: "at_station",
        yard.orders[2]: "at_station",
    }


async def another_order_of_the_same_person(yard: Yard) -> int:
    """Let the yard's second order be the first one's member's: the neighbour ordered twice."""
    first, uncle = await yard.depot.value(yard.orders[0]), await yard.depot.value(yard.orders[1])
    await sql(
        yard, "UPDATE ordering.orders SET member_id = :member WHERE id = :id", member=first.member_id, id=uncle.id
    )
    yard.orders[1] = yard.orders[2]
    return uncle.id


async def sql(yard: Yard, statement: str, **values: Any) -> None:
    """Change something that no door changes, to set a scene."""

    async def change(tx: Any) -> None:
        await tx.execute(text(f"{statement} AND region_id = :region_id"), {**values, "region_id": tx.region_id})

    await yard.depot.do(change)


@pytest.mark.rule("PUP-2")
async def test_the_second_verification_says_when_and_by_whom_and_changes_nothing(yard: Yard) -> None:
    code = await yard.code(yard.orders[0])
    [first] = done(await yard.pick_up(code=code))
    helper = await yard.helper(yard.leaders[0])
    await yard.depot.drain()
    before = await yard.written()
    later = yard.depot.clock.now()
    await yard.next_day()
    [again] = done(await yard.pick_up(helper, code=code))
    assert (again["already"], again["complete"], again["pieces"]) == (True, True, {})
    assert (again["at"], again["by"]) == (first["at"], f"leader:{yard.leaders[0].account_id}")
    assert later.isoformat().startswith(again["at"][:19])
    [by_list] = done(await yard.pick_up(order_ids=[str(yard.orders[0])]))
    assert by_list["already"] is True
    await yard.depot.drain()
    assert await yard.written() == before


async def test_a_helper_verifies_and_is_named(yard: Yard) -> None:
    helper = await yard.helper(yard.leaders[0])
    [answer] = done(await yard.pick_up(helper, code=await yard.code(yard.orders[0])))
    assert (answer["already"], answer["by"]) == (False, f"leader:{helper.account_id}")


@pytest.mark.rule("PUP-2")
async def test_no_other_leader_can_verify_neither_at_her_own_station_nor_at_this_one(yard: Yard) -> None:
    code, order, stranger = await yard.code(yard.orders[0]), str(yard.orders[0]), yard.leaders[1]
    before = await yard.written()
    here = str(yard.leaders[0].station_id)
    problem(await stranger.post("/leader/pickups", {"station_id": here, "code": code}), 404, "station_not_own")
    problem(await yard.pick_up(stranger, order_ids=[order]), 404, "order_not_found")
    if code != await yard.code(yard.orders[2]):
        problem(await yard.pick_up(stranger, code=code), 404, "code_unknown")
    waiting = {"station_id": here}
    problem(await stranger.get("/leader/pickups/waiting", params=waiting), 404, "station_not_own")
    member = await yard.depot.cast.member("路人", yard.leaders[0])
    assert (await member.post("/leader/pickups", {"station_id": here, "code": code})).status_code == 403
    assert await yard.written() == before


@pytest.mark.rule("PUP-2")
async def test_another_station_of_the_same_leader_cannot_verify(yard: Yard) -> None:
    community = str(await yard.depot.cast.community())
    body = {"community_id": community, "leader_id": str(yard.leaders[0].id), "name": "王姐二店"}
    second = done(await yard.operator.post("/console/stations", body))["id"]
    before = await yard.written()
    leader, code = yard.leaders[0], await yard.code(yard.orders[0])
    problem(await leader.post("/leader/pickups", {"station_id": second, "code": code}), 404, "code_unknown")
    asked = {"station_id": second, "order_ids": [str(yard.orders[0])]}
    problem(await leader.post("/leader/pickups", asked), 404, "order_not_found")
    assert await yard.written() == before


@pytest.mark.rule("PUP-1")
async def test_part_of_an_order_is_taken_and_the_rest_later(yard: Yard) -> None:
    order = await yard.depot.value(yard.orders[0])
    apples = next(line for line in order.lines if line.quantity == 5)
    asked = {"order_ids": [str(order.id)], "pieces": {str(apples.id): 2}}
    [part] = done(await yard.pick_up(**asked))
    assert (part["complete"], part["pieces"]) == (False, {str(apples.id): 2})
    assert (await yard.depot.value(order.id)).state == "at_station"
    before = await yard.written()
    too_many = {"order_ids": [str(order.id)], "pieces": {str(apples.id): 4}}
    assert problem(await yard.pick_up(**too_many), 409, "not_that_many")["left"] == 3
    assert await yard.written() == before
    [rest] = done(await yard.pick_up(code=order.pickup_code))
    assert (rest["complete"], rest["pieces"][str(apples.id)]) == (True, 3)
    assert await yard.depot.count("fulfilment.pickups") == 2
    await yard.depot.drain()
    await yard.depot.in_balance()


@pytest.mark.rule("PUP-3")
async def test_two_phones_at_once_make_one_pickup_and_one_commission(yard: Yard) -> None:
    code, leader = await yard.code(yard.orders[0]), yard.leaders[0]
    phones = [leader, await yard.helper(leader), leader, await yard.helper(leader)]
    answers = [done(each)[0] for each in await asyncio.gather(*[yard.pick_up(phone, code=code) for phone in phones])]
    assert sorted(answer["already"] for answer in answers) == [False, True, True, True]
    assert len({(answer["at"], answer["by"]) for answer in answers}) == 1
    await yard.depot.drain()
    assert await yard.depot.count("fulfilment.pickups") == 1
    earned = done(await leader.get("/leader/earnings"))
    paid = sum(line.paid_fen for line in (await yard.depot.value(yard.orders[0])).lines)
    assert earned["pending_fen"] == paid // 10
    assert [len(line["why"]) for line in earned["items"]] == [1, 1]
    await yard.depot.in_balance()


@pytest.mark.rule("PUP-5")
async def test_yesterdays_uncollected_order_is_handed_out_today_with_its_own_code(yard: Yard) -> None:
    code = await yard.code(yard.orders[0])
    await yard.next_day()
    tomorrow = await yard.depot.do(lambda tx: sale.publish(tx, delivery_date=date(2026, 11, 26)))
    assert tomorrow
    [answer] = done(await yard.pick_up(code=code))
    assert (answer["order_id"], answer["complete"]) == (str(yard.orders[0]), True)


async def test_a_code_that_nobody_here_has_is_refused(yard: Yard) -> None:
    used = {await yard.code(order) for order in yard.orders}
    free = next(f"{number:06d}" for number in range(10) if f"{number:06d}" not in used)
    before = await yard.written()
    problem(await yard.pick_up(code=free), 404, "code_unknown")
    for unclear in ({}, {"code": free, "order_ids": ["5"]}, {"code": free, "pieces": {"5": 1}}):
        problem(await yard.pick_up(**unclear), 422, "pickup_unclear")
    for wrong in (
        {"code": "12345"},
        {"code": "１２３４５６"},
        {"code": "12345a"},
        {"order_ids": ["x"]},
        {"code": " 12345"},
    ):
        assert (await yard.pick_up(**wrong)).status_code == 422, wrong
    assert (await yard.pick_up(order_ids=[str(yard.orders[0])], pieces={"x": 1})).status_code == 422
    assert (await yard.pick_up(order_ids=[str(yard.orders[0])], pieces={"5": 1})).status_code == 404
    assert await yard.written() == before


async def test_goods_on_the_road_cannot_be_handed_out(yard: Yard) -> None:
    order, code = yard.orders[0], await yard.code(yard.orders[0])
    await sql(yard, "UPDATE ordering.orders SET state = 'on_the_way' WHERE id = :id", id=order)
    before = await yard.written()
    problem(await yard.pick_up(code=code), 409, "not_at_station")
    problem(await yard.pick_up(order_ids=[str(order)]), 409, "not_at_station")
    assert await yard.written() == before


async def test_one_code_of_two_neighbours_from_different_days_hands_nothing_out_by_itself(yard: Yard) -> None:
    lady, uncle = await yard.depot.value(yard.orders[0]), await yard.depot.value(yard.orders[1])
    other = await yard.depot.do(lambda tx: sale.publish(tx, delivery_date=date(2026, 11, 25)))
    await sql(yard, "UPDATE sale.cycles SET state = 'collecting' WHERE id = :id", id=other)
    await sql(
        yard,
        "UPDATE ordering.orders SET pickup_code = :code, cycle_id = :cycle, biz_date = '2026-11-25' WHERE id = :id",
        code=lady.pickup_code, cycle=other, id=uncle.id,
    )  # fmt: skip
    pickups = await yard.depot.count("fulfilment.pickups")
    refused = problem(await yard.pick_up(code=lady.pickup_code), 409, "code_shared")
    assert set(refused["orders"]) == {str(lady.id), str(uncle.id)}
    assert await yard.depot.count("fulfilment.pickups") == pickups
    done(await yard.pick_up(order_ids=[str(lady.id)]))


async def test_who_waits_is_found_by_name_serial_or_place_and_only_at_this_station(yard: Yard) -> None:
    async def found(words: str, leader: int = 0) -> list[str]:
        who = yard.leaders[leader]
        asked = {"station_id": str(who.station_id), "words": words}
        return [each["nickname"] for each in done(await who.get("/leader/pickups/waiting", params=asked))]

    assert await found("") == ["李阿姨", "赵叔"]
    assert await found("赵") == ["赵叔"]
    assert await found("3栋") == ["李阿姨", "赵叔"]
    assert await found("2") == ["赵叔"]
    assert await found("小陈") == []
    assert await found("小陈", leader=1) == ["小陈"]
    done(await yard.pick_up(code=await yard.code(yard.orders[0])))
    assert await found("") == ["赵叔"]


async def test_verifying_and_searching_cost_few_statements_however_many_days_there_were(
    yard: Yard, counted: Counted
) -> None:
    assert "settled" in COLLECTING
    for day in (25, 26):
        cycle = await yard.depot.do(lambda tx, day=day: sale.publish(tx, delivery_date=date(2026, 11, day)))  # type: ignore[misc]
        await sql(yard, "UPDATE sale.cycles SET state = 'settled' WHERE id = :id", id=cycle)
    leader = yard.leaders[0]
    with counted() as seen:
        answer = await leader.get("/leader/pickups/waiting", params={"station_id": str(leader.station_id)})
    assert len(done(answer)) == 2
    assert len(seen) <= 8, seen
    with counted() as seen:
        done(await yard.pick_up(code=await yard.code(yard.orders[0])))
    assert len(seen) <= 40, (len(seen), seen)

"""Points: earned when goods are collected, spent on orders, back with refunds, signed in for, expired by the year."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import marketing, ordering
from linli.marketing.points.model import Part
from linli.marketing.points.rules import draw, due_back, hand_back, needed
from linli.platform.database import Tx
from tests.marketing.stall import ordered, paid, place, placed_at_once, quoted, setting
from tests.ordering.village import Village, problem
from tests.people_cast import Person, done

DAYS = [date(2026, 12, 31), date(2027, 12, 31), date(2028, 12, 31)]
purses = st.lists(st.integers(0, 500), min_size=1, max_size=3).map(
    lambda counts: [Part(day, points) for day, points in zip(DAYS, counts, strict=False)]
)


async def granted(village: Village, who: Person, points: int, ref: str = "autumn") -> None:
    """Have the operator give a member points."""
    body = {"points": points, "reason": "活动", "ref": ref}
    done(await (await village.cast.operator()).post(f"/console/members/{who.id}/points", body))


async def balance(who: Person) -> int:
    """Return a member's points, proven to be what the movements say."""
    shown: int = done(await who.get("/app/points"))["points"]
    moved = done(await who.get("/app/points/movements"))["items"]
    assert sum(each["points"] for each in moved) == shown
    return shown


@pytest.mark.rule("MEM-6")
@given(purses, st.data())
def test_points_that_expire_first_are_spent_first_and_come_back_where_they_came_from(
    had: list[Part], data: Any
) -> None:
    whole = sum(part.points for part in had)
    spent = data.draw(st.integers(0, whole))
    parts = draw(had, spent)
    assert sum(part.points for part in parts) == spent
    later = [part.expires_on for part in parts[1:]]
    emptied = {part.expires_on: part.points for part in had}
    assert all(part.points == emptied[part.expires_on] for part in parts[:-1])
    assert later == sorted(later)
    out = {part.expires_on: part.points for part in parts}
    back: dict[date, int] = {}
    for refunded in sorted(data.draw(st.lists(st.integers(0, 100), max_size=4))) + [100]:
        for part in hand_back(out, back, due_back(spent, refunded, 100) - sum(back.values())):
            back[part.expires_on] = back.get(part.expires_on, 0) + part.points
        assert sum(back.values()) == spent * refunded // 100
    assert back == out
    with pytest.raises(ValueError):
        draw(had, whole + 1)


@given(st.integers(0, 10**7), st.integers(1, 10**4))
def test_the_points_taken_are_worth_what_they_paid_and_not_one_more(fen: int, per_yuan: int) -> None:
    points = needed(fen, per_yuan)
    assert points * 100 >= fen * per_yuan
    assert points == 0 or (points - 1) * 100 < fen * per_yuan


@pytest.mark.rule("MEM-6")
async def test_she_spends_points_up_to_a_fifth_of_her_basket_and_cancelling_brings_them_back(village: Village) -> None:
    await granted(village, village.lady, 1_000)
    await granted(village, village.lady, 1_000)  # told twice: the same ref gives once
    shown = await quoted(village, village.lady, (village.apples, 1), points="all")
    assert shown["payable_fen"] == 3_900 - 780
    placed = await ordered(village, village.lady, (village.apples, 1), points=500)
    assert placed["payable_fen"] == 3_400
    assert await balance(village.lady) == 500
    for _ in range(2):
        done(await village.lady.post(f"/app/orders/{placed['id']}/cancellation", {}))
    assert await balance(village.lady) == 1_000


@pytest.mark.rule("ORD-5")
async def test_an_unpaid_hold_ends_and_gives_the_points_back_once(village: Village) -> None:
    await granted(village, village.lady, 300)
    await ordered(village, village.lady, (village.apples, 1), points=300)
    village.clock.set(village.clock.now() + timedelta(minutes=31))
    for _ in range(2):
        await village.do(ordering.expire_holds)
    assert await balance(village.lady) == 300


@pytest.mark.rule("MEM-6")
async def test_nobody_spends_more_points_than_they_have_or_what_is_no_number(village: Village) -> None:
    await granted(village, village.lady, 300)
    before = await village.written()
    for using, code in ((301, "not_enough_points"), (-1, "points_unclear"), (1.5, "points_unclear"), ("x", None)):
        body = village.basket((village.apples, 1), expect=1, using={"points": using})
        answer = await village.lady.post("/app/orders", body)
        problem(answer, 409 if code == "not_enough_points" else 422, code or "points_unclear")
    assert await village.written() == before
    assert await balance(village.lady) == 300


@pytest.mark.rule("ORD-2")
async def test_points_spent_by_several_processes_at_once_are_spent_once(village: Village) -> None:
    await granted(village, village.lady, 500)
    baskets = (village.apples, village.milk, village.offers[2])
    placed, refused = await placed_at_once(
        *[place(village, village.lady, (offer, 3), points=400) for offer in baskets]
    )  # fmt: skip
    assert (len(placed), refused) == (1, ["not_enough_points"] * 2)
    assert await balance(village.lady) == 100


@pytest.mark.rule("MEM-6")
async def test_refunds_give_spent_points_back_in_proportion_and_in_all_exactly(village: Village) -> None:
    await granted(village, village.lady, 333)
    order = await paid(village, village.lady, (village.apples, 3), points=333)
    assert await balance(village.lady) == 0
    (line,) = (await village.value(order["id"])).lines
    for turn, expected in enumerate((111, 222, 333), start=1):

        async def refund(tx: Tx, turn: int = turn) -> int:
            return await ordering.refund_line(
                tx, line_id=line.id, quantity=1, reason="缺货", ref_kind="test", ref_id=turn
            )  # fmt: skip

        await village.do(refund)
        await village.drain()
        assert await balance(village.lady) == expected


@pytest.mark.rule("MEM-6")
async def test_refunds_told_at_once_give_points_back_once(village: Village) -> None:
    await granted(village, village.lady, 333)
    order = await paid(village, village.lady, (village.apples, 3), points=333)
    value = await village.value(order["id"])

    async def told(tx: Tx) -> int:
        return await marketing.refund_points(
            tx, order_id=value.id, refunded_fen=value.paid_fen, paid_fen=value.paid_fen
        )

    assert sorted(await asyncio.gather(*[village.do(told) for _ in range(4)])) == [0, 0, 0, 333]
    assert await balance(village.lady) == 333


@pytest.mark.rule("MEM-6")
async def test_collected_orders_earn_points_once_and_refunds_take_them_back_without_debt(village: Village) -> None:
    await setting(village, points__each_yuan=2)
    shown = await quoted(village, village.lady, (village.apples, 1))
    assert shown["payable_fen"] == 3_900
    order = await paid(village, village.lady, (village.apples, 1))
    member_id, order_id = village.lady.id, int(order["id"])

    async def collected(tx: Tx) -> int:
        return await marketing.earn_points(tx, member_id=member_id, order_id=order_id, fen=3_900, part="1:1")

    assert [await village.do(collected) for _ in range(2)] == [78, 0]
    assert await balance(village.lady) == 78

    async def reversed_by(refund_id: int, fen: int) -> int:
        return await village.do(
            lambda tx: marketing.take_points_back(tx, order_id=order_id, refund_id=refund_id, reversed_fen=fen)
        )

    assert await reversed_by(1, 1_950) == 39
    await ordered(village, village.lady, (village.milk, 1), points=30)
    assert await reversed_by(2, 1_950) == 9  # 39 were owed, 9 were left: the purse is empty, there is no debt
    assert await balance(village.lady) == 0


@pytest.mark.rule("MEM-6")
async def test_signing_in_gives_points_once_a_day_of_the_region(village: Village) -> None:
    problem(await village.lady.post("/app/points/sign-in"), 409, "no_sign_in")
    await setting(village, points__sign_in=5)
    answers = await asyncio.gather(*[village.lady.post("/app/points/sign-in") for _ in range(5)])
    assert {answer.status_code for answer in answers} == {200}
    assert await balance(village.lady) == 5
    village.clock.set(datetime(2026, 11, 23, 15, 59, tzinfo=UTC))  # 23:59 in Shanghai
    assert done(await village.lady.post("/app/points/sign-in"))["points"] == 5
    village.clock.set(datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    shown = done(await village.lady.post("/app/points/sign-in"))
    assert (shown["points"], shown["signed_in_today"]) == (10, True)


@pytest.mark.rule("MEM-6")
async def test_points_expire_with_the_year_whether_or_not_the_clock_came_by(village: Village) -> None:
    await setting(village, points__kept_years=0)
    await granted(village, village.lady, 700)
    village.clock.set(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))  # new year in Shanghai
    assert done(await village.lady.get("/app/points"))["points"] == 0
    expired = await asyncio.gather(*[village.do(marketing.expire_points) for _ in range(3)])
    assert sum(expired) == 1
    assert await village.do(marketing.expire_points) == 0
    assert await balance(village.lady) == 0

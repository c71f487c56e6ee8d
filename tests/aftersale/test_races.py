"""What happens when several people touch the same case, line or budget at once."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from datetime import timedelta

import pytest

from linli import aftersale, ordering
from tests.aftersale.counter import Counter
from tests.ordering.test_lines import hand_over
from tests.ordering.village import problem
from tests.people_cast import done


@pytest.mark.rule("CAS-2")
async def test_two_phones_at_once_cannot_claim_the_same_pieces(counter: Counter) -> None:
    photos = [await counter.photo() for _ in range(8)]
    answers = await asyncio.gather(*[counter.complain(counter.apples, 2, photos=[photo]) for photo in photos])
    assert Tally(answer.status_code for answer in answers) == {200: 1, 409: 7}
    for answer in answers:
        if answer.status_code == 409:
            assert problem(answer, 409, "nothing_left_to_claim")["left"] == 1
    singles = await asyncio.gather(*[counter.complain(counter.milk, photos=[], kind="missing") for _ in range(6)])
    assert Tally(answer.status_code for answer in singles) == {200: 2, 409: 4}
    assert sum(done(answer)["worth_fen"] for answer in singles if answer.status_code == 200) == 2_500
    await counter.village.in_balance()


async def test_the_same_complaint_sent_ten_times_is_one_case(counter: Counter) -> None:
    photo = await counter.photo()
    body = {"line_id": str(counter.apples), "kind": "rotten", "quantity": 1, "story": "烂", "photos": [photo]}
    posts = [counter.village.lady.post("/app/cases", body, key="tapped-many-times") for _ in range(10)]
    assert len({done(answer)["id"] for answer in await asyncio.gather(*posts)}) == 1
    assert len(done(await counter.village.lady.get("/app/cases"))["items"]) == 1


async def test_one_photo_proves_one_case_however_fast_it_is_used(counter: Counter) -> None:
    photo = await counter.photo()
    lines = (counter.apples, counter.milk) * 3
    answers = await asyncio.gather(*[counter.complain(line, photos=[photo]) for line in lines])
    assert Tally(answer.status_code for answer in answers) == {200: 1, 422: 5}
    assert await counter._sum("SELECT count(*) FROM aftersale.cases") == 1
    await counter.village.in_balance()


@pytest.mark.rule("CAS-2")
async def test_ten_desks_decide_at_once_and_the_money_goes_back_once(counter: Counter) -> None:
    case = await counter.open(counter.apples, 2)
    outcomes = [{}, {"outcome": "reject", "liability": "member"}] * 5
    answers = await asyncio.gather(*[counter.decide(case, **outcome) for outcome in outcomes])
    assert Tally(answer.status_code for answer in answers) == {200: 1, 409: 9}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"wrong_state"}
    await counter.village.drain()
    rejected = (await counter.seen(case))["state"] == "rejected"
    refunds = [refund.amount_fen for refund in await counter.village.refunds(counter.order.id)]
    assert refunds == ([] if rejected else [7_800])
    await counter.village.in_balance()


async def test_agreeing_and_disagreeing_at_once_is_one_of_both(counter: Counter) -> None:
    lady = counter.village.lady
    case = await counter.open(counter.apples, 2)
    await counter.decided(case, amount_fen=1_000, ask_member=True)
    answers = await asyncio.gather(
        *[lady.post(f"/app/cases/{case['id']}/agreement") for _ in range(3)],
        *[lady.post(f"/app/cases/{case['id']}/escalation", {"words": "太少"}) for _ in range(3)],
    )
    await counter.village.drain()
    agreed = (await counter.seen(case))["state"] == "executing"
    assert Tally(a.status_code for a in answers) == ({200: 1, 409: 5} if agreed else {200: 3, 409: 3})
    assert (await counter.line(counter.apples)).refunded_fen == (1_000 if agreed else 0)
    await counter.village.in_balance()


async def test_of_many_first_answers_and_ratings_at_once_one_counts_and_the_others_learn_it(counter: Counter) -> None:
    village = counter.village
    case = await counter.open(counter.apples)
    path = f"/leader/cases/{case['id']}/answer"
    answers = await asyncio.gather(*[village.leader.post(path, {"answer": f"答复{n % 3}"}) for n in range(9)])
    kept = (await counter.seen(case))["answer"]
    assert [answer.status_code for answer in answers] == [200 if f"答复{n % 3}" == kept else 409 for n in range(9)]
    await counter.decided(case)
    await counter.pay_back()
    path = f"/app/cases/{case['id']}/rating"
    ratings = await asyncio.gather(*[village.lady.post(path, {"rating": 1 + n % 5}) for n in range(10)])
    stars = (await counter.seen(case))["rating"]
    assert [answer.status_code for answer in ratings] == [200 if 1 + n % 5 == stars else 409 for n in range(10)]


@pytest.mark.rule("CAS-3")
async def test_a_small_clear_case_is_refunded_at_once_within_the_budget_of_the_day(counter: Counter) -> None:
    village = counter.village
    await counter.set("aftersale.auto_most_fen", 1_250)
    case = await counter.open(counter.milk)
    seen = await counter.seen(case)
    assert (seen["state"], seen["automatic"], seen["refund_fen"]) == ("executing", True, 1_250)
    assert await counter.balance("loss") == 625
    assert "case.decided" in await counter.inbox(village.lady)
    await counter.pay_back()
    assert (await counter.seen(case))["state"] == "done"
    assert (await counter.open(counter.milk))["state"] == "opened"
    assert await counter._sum("SELECT spent_fen FROM aftersale.auto_budgets") == 1_250  # the second of a line waits
    large = await counter.seen(await counter.open(counter.apples))
    assert (large["state"], large["automatic"]) == ("opened", False)
    await village.in_balance()


@pytest.mark.rule("CAS-3")
async def test_by_default_twelve_yuan_fifty_is_not_small(counter: Counter) -> None:
    assert (await counter.seen(await counter.open(counter.milk)))["state"] == "opened"
    assert (await counter.seen(await counter.open(counter.apples, kind="missing", photos=[])))["state"] == "opened"
    assert await counter._sum("SELECT count(*) FROM aftersale.auto_budgets") == 0


@pytest.mark.rule("CAS-3")
async def test_an_exhausted_budget_leaves_the_case_to_people_until_the_next_day(counter: Counter) -> None:
    village = counter.village
    await counter.set("aftersale.auto_most_fen", 5_000)
    await counter.set("aftersale.auto_budget_fen", 5_000)
    first = await counter.open(counter.apples)
    second = await counter.open(counter.milk)
    assert [(await counter.seen(case))["state"] for case in (first, second)] == ["executing", "opened"]
    decided = await counter.decided(second, liability="platform")
    assert (decided["state"], decided["automatic"]) == ("executing", False)
    assert await counter._sum("SELECT spent_fen FROM aftersale.auto_budgets") == 3_900
    order = await arrived_again(counter)
    village.clock.set(village.clock.now() + timedelta(hours=2))  # past midnight in Shanghai
    third = await counter.open(order)
    assert (await counter.seen(third))["state"] == "executing"
    await village.in_balance()


async def arrived_again(counter: Counter) -> int:
    """Let 李阿姨 order and collect a box of apples of another cycle; returns the line."""
    village = counter.village
    day = village.clock.now().date() + timedelta(days=2)
    village.cycle_id, village.offers = await village.open_cycle(day, at_once=True)
    at = village.clock.now()
    order = await village.paid_order(village.lady, (village.apples, 1))
    for verb in ("confirm", "buy", "sort", "depart", "arrive"):
        await village.do(lambda tx, verb=verb: ordering.advance_orders(tx, cycle_id=village.cycle_id, verb=verb))  # type: ignore[misc]
    await hand_over(village, int(order["id"]))
    await village.drain()
    assert village.clock.now() == at
    return int(order["lines"][0]["id"])


@pytest.mark.rule("CAS-3")
async def test_a_budget_for_one_is_spent_once_when_many_ask_at_once(counter: Counter) -> None:
    village = counter.village
    await counter.set("aftersale.auto_most_fen", 5_000)
    await counter.set("aftersale.auto_budget_fen", 5_000)
    photos = [await counter.photo() for _ in range(2)]
    lines = (counter.apples, counter.milk)
    made = [done(await counter.complain(line, photos=[photo])) for line, photo in zip(lines, photos, strict=True)]
    told = await asyncio.gather(
        *[
            village.do(lambda tx, case=case: aftersale.refund_small(tx, case_id=int(case["id"])))  # type: ignore[misc]
            for case in made * 5
        ]
    )
    assert sum(told) == 1
    spent = await counter._sum("SELECT spent_fen FROM aftersale.auto_budgets")
    assert spent in (3_900, 1_250)
    assert sum([refund.amount_fen for refund in await village.refunds(counter.order.id)]) == spent
    await village.in_balance()

"""Stories of complaints: a rotten peach made good, what is refused, who answers, who agrees, and when it is late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from linli import money
from linli.platform.database import Tx
from tests.aftersale.counter import Counter
from tests.ordering.village import problem
from tests.people_cast import done


@pytest.mark.rule("CAS-2")
async def test_a_rotten_peach_is_made_good_to_the_fen(counter: Counter) -> None:
    village = counter.village
    supplier = (await counter.line(counter.apples)).supplier_id
    revenue, pending = await counter.balance("revenue"), await counter.balance("leader_pending", village.leader.id)
    case = await counter.open(counter.apples, 2)
    assert (case["state"], case["worth_fen"], case["family"]) == ("opened", 7_800, "quality")
    assert "case.opened" in await counter.inbox(village.leader)
    answered = await village.leader.post(f"/leader/cases/{case['id']}/answer", {"answer": "我看到了，确实烂了"})
    assert (done(answered)["state"], done(answered)["nickname"]) == ("answered", "李阿姨")
    done(await counter.desk.post(f"/console/cases/{case['id']}/verification"))

    decided = await counter.decided(case)
    assert (decided["state"], decided["refund_fen"], decided["liability"]) == ("executing", 7_800, "supplier")
    assert [refund.amount_fen for refund in await village.refunds(counter.order.id)] == [7_800]
    assert await counter.balance("revenue") == revenue - 7_800
    assert await counter.balance("leader_pending", village.leader.id) == pending - 780
    assert await counter.balance("supplier_claims", supplier) == 2 * 1_950
    assert await counter.balance("loss") == 0
    await village.in_balance()

    await counter.pay_back()
    seen = await counter.seen(case)
    assert (seen["state"], seen["refund_clock"]) == ("done", "stopped")
    assert {"case.answered", "case.decided", "refund.done", "case.done"} <= set(await counter.inbox(village.lady))
    rating = {"rating": 5, "words": "处理很快"}
    assert done(await village.lady.post(f"/app/cases/{case['id']}/rating", rating))["state"] == "followed_up"
    done(await village.lady.post(f"/app/cases/{case['id']}/rating", rating))
    problem(await village.lady.post(f"/app/cases/{case['id']}/rating", {"rating": 1}), 409, "rated_already")
    await village.in_balance()


@pytest.mark.rule("CAS-4")
async def test_the_desk_sees_what_every_room_knows(counter: Counter) -> None:
    case = await counter.open(counter.apples)
    seen = done(await counter.desk.get(f"/console/cases/{case['id']}"))
    assert seen["case"]["photos"] == case["photos"]
    assert seen["collected_at"] is not None
    assert seen["collected_by"] == "test"
    assert (seen["line"]["collected_quantity"], seen["line"]["paid_fen"]) == (3, 11_700)
    assert (seen["recent_cases"], seen["nickname"], seen["lots"]) == (1, "李阿姨", [])
    done(await counter.desk.post(f"/console/cases/{case['id']}/verification"))
    seen = done(await counter.desk.get(f"/console/cases/{case['id']}"))
    assert [(step["verb"], step["origin"], step["target"]) for step in seen["steps"]] == [
        ("verify", "opened", "verifying")
    ]


@pytest.mark.rule("CAS-1")
@pytest.mark.parametrize(("kind", "hours"), [("rotten", 24), ("damaged", 24), ("missing", 12), ("wrong", 12)])
async def test_the_last_second_of_the_window_counts_and_the_next_does_not(
    counter: Counter, kind: str, hours: int
) -> None:
    assert counter.order.collected_at is not None
    counter.village.clock.set(counter.order.collected_at + timedelta(hours=hours, seconds=1))
    photos = [await counter.photo()]
    before = await counter.written()
    late = await counter.complain(counter.apples, kind=kind, photos=photos)
    assert problem(late, 409, "window_over")["until"].startswith(
        (counter.order.collected_at + timedelta(hours=hours)).isoformat()[:19]
    )
    assert await counter.written() == before
    counter.village.clock.set(counter.order.collected_at + timedelta(hours=hours))
    done(await counter.complain(counter.apples, kind=kind, photos=photos))


@pytest.mark.rule("CAS-1")
async def test_bad_goods_need_a_photo_and_missing_goods_need_none(counter: Counter) -> None:
    before = await counter.written()
    problem(await counter.complain(counter.apples, photos=[]), 422, "photo_needed")
    assert await counter.written() == before
    assert done(await counter.complain(counter.apples, photos=[], kind="missing"))["family"] == "order"


async def test_nothing_is_claimed_before_it_was_collected(counter: Counter) -> None:
    village = counter.village
    cycle_id, offers = await village.open_cycle(village.clock.now().date() + timedelta(days=2), at_once=True)
    village.cycle_id, village.offers = cycle_id, offers
    order = await village.paid_order(village.lady, (village.apples, 1))
    before = await counter.written()
    refused = await counter.complain(int(order["lines"][0]["id"]), photos=[], kind="missing")
    problem(refused, 409, "not_collected_yet")
    assert await counter.written() == before


async def test_a_neighbours_line_photo_and_case_are_not_there(counter: Counter) -> None:
    lady, uncle = counter.village.lady, counter.village.uncle
    own, foreign = await counter.photo(lady), await counter.photo(uncle)
    before = await counter.written()
    problem(await counter.complain(counter.apples, who=uncle, photos=[foreign]), 404, "order_not_found")
    problem(await counter.complain(counter.apples, photos=[foreign]), 422, "photo_unknown")
    problem(await counter.complain(counter.apples, photos=[own, "0" * 32 + ".webp"]), 422, "photo_unknown")
    assert await counter.written() == before
    problem(await uncle.get(f"/app/photos/{own}"), 404, "no_such_photo")
    case = await counter.open(counter.apples, photos=[own])
    before = await counter.written()
    problem(await counter.complain(counter.apples, photos=[own]), 422, "photo_unknown")  # it shows another case
    for path in ("escalation", "rating", "agreement"):
        body = {"escalation": {"words": "不同意"}, "rating": {"rating": 1}, "agreement": None}[path]
        problem(await uncle.post(f"/app/cases/{case['id']}/{path}", body), 404, "no_such_case")
    problem(await uncle.get(f"/app/cases/{case['id']}"), 404, "no_such_case")
    assert done(await uncle.get("/app/cases"))["items"] == []
    assert await counter.written() == before


@pytest.mark.rule("CAS-2")
async def test_a_leader_sees_and_answers_only_the_cases_of_own_stations(counter: Counter) -> None:
    village = counter.village
    other = await village.cast.leader("陈姐")
    case = await counter.open(counter.apples)
    [photo] = case["photos"]
    path, words = f"/leader/cases/{case['id']}", {"answer": "不关我事"}
    before = await counter.written()
    assert done(await other.get("/leader/cases"))["items"] == []
    problem(await other.get(path), 404, "no_such_case")
    problem(await other.post(f"{path}/answer", words), 404, "no_such_case")
    problem(await other.get(f"/leader/photos/{photo}"), 404, "no_such_case")
    assert await counter.written() == before
    assert [item["id"] for item in done(await village.leader.get("/leader/cases"))["items"]] == [case["id"]]
    assert (await village.leader.get(f"/leader/photos/{photo}")).content[:4] == b"RIFF"
    unused = await counter.photo()
    problem(await village.leader.get(f"/leader/photos/{unused}"), 404, "no_such_photo")
    done(await village.leader.post(f"{path}/answer", {"answer": "收到"}))
    done(await village.leader.post(f"{path}/answer", {"answer": "收到"}))
    problem(await village.leader.post(f"{path}/answer", words), 409, "answered_already")


async def test_only_the_desk_decides_and_sees_all(counter: Counter) -> None:
    village = counter.village
    case = await counter.open(counter.apples)
    before = await counter.written()
    buyer = await village.cast.buyer()
    body = {"outcome": "refund", "liability": "platform", "reply": "好"}
    for who in (village.lady, village.leader, buyer):
        problem(await who.post(f"/console/cases/{case['id']}/decision", body), 403, "permission_missing")
        problem(await who.get("/console/cases"), 403, "permission_missing")
        problem(await who.get(f"/console/photos/{case['photos'][0]}"), 403, "permission_missing")
    assert await counter.written() == before
    elsewhere = await village.cast.customer_service()
    elsewhere.region_id = village.cast.region_id - 1 if village.cast.region_id > 1000 else 999
    problem(await elsewhere.get(f"/console/cases/{case['id']}"), 404, "no_such_case")
    assert (await counter.desk.get(f"/console/photos/{case['photos'][0]}")).headers["content-type"] == "image/webp"


@pytest.mark.rule("CAS-2")
async def test_a_rejected_case_gives_nothing_back_and_frees_its_pieces(counter: Counter) -> None:
    case = await counter.open(counter.apples, 3)
    problem(await counter.complain(counter.apples), 409, "nothing_left_to_claim")
    rejected = await counter.decided(case, outcome="reject", liability="member", reply="照片看不出问题")
    assert (rejected["state"], rejected["refund_fen"]) == ("rejected", 0)
    assert await counter.village.refunds(counter.order.id) == []
    before = await counter.written()
    problem(await counter.decide(case), 409, "wrong_state")
    assert await counter.written() == before
    assert (await counter.open(counter.apples, 3))["worth_fen"] == 11_700
    await counter.village.in_balance()


@pytest.mark.rule("CAS-3")
async def test_an_amount_below_the_claim_waits_until_the_member_agrees(counter: Counter) -> None:
    village = counter.village
    case = await counter.open(counter.apples, 2)
    proposed = await counter.decided(case, amount_fen=3_900, liability="carrier", ask_member=True)
    assert (proposed["state"], proposed["refund_clock"]) == ("proposed", "paused")
    assert await village.refunds(counter.order.id) == []
    village.clock.set(village.clock.now() + timedelta(hours=30))
    assert done(await counter.desk.get("/console/cases?overdue=true"))["items"] == []
    agreed = done(await village.lady.post(f"/app/cases/{case['id']}/agreement"))
    assert (agreed["state"], agreed["refund_fen"]) == ("executing", 3_900)
    await village.drain()
    assert (await counter.line(counter.apples)).refunded_fen == 3_900
    assert await counter.balance("loss") == 1_950  # half of what the two boxes cost
    seen = await counter.seen(case)
    assert seen["refund_due_at"] > case["refund_due_at"]
    before = await counter.written()
    problem(await village.lady.post(f"/app/cases/{case['id']}/agreement"), 409, "wrong_state")
    problem(await counter.complain(counter.apples, 2, photos=[], kind="missing"), 409, "window_over")
    assert await counter.written() == before
    await village.in_balance()


@pytest.mark.rule("CAS-2")
async def test_a_member_who_does_not_agree_goes_to_a_higher_desk_and_is_decided_anew(counter: Counter) -> None:
    village = counter.village
    case = await counter.open(counter.apples, 2)
    await counter.decided(case, quantity=1, ask_member=True)
    escalated = await village.lady.post(f"/app/cases/{case['id']}/escalation", {"words": "两箱都烂了"})
    assert done(escalated)["state"] == "escalated"
    await village.drain()
    assert "case.escalated" in await counter.inbox(await village.cast.operator())
    decided = await counter.decided(case)
    assert (decided["refund_fen"], decided["refund_pieces"], decided["escalation"]) == (7_800, 2, "两箱都烂了")
    await village.in_balance()


async def test_one_of_two_pieces_is_refunded_and_the_other_may_be_claimed_again(counter: Counter) -> None:
    case = await counter.open(counter.apples, 2)
    assert (await counter.decided(case, quantity=1))["refund_fen"] == 3_900
    assert (await counter.line(counter.apples)).refunded_quantity == 1
    problem(await counter.complain(counter.apples, 3), 409, "nothing_left_to_claim")
    again = await counter.open(counter.apples, 2)
    await counter.decided(again, liability="warehouse")
    assert (await counter.line(counter.apples)).refunded_fen == 11_700
    assert await counter.balance("revenue") == 2_500
    await counter.village.in_balance()


@pytest.mark.rule("CAS-2")
async def test_cases_without_answer_or_money_stand_on_the_list_of_what_is_late(counter: Counter) -> None:
    village = counter.village
    case = await counter.open(counter.apples)
    begun = village.clock.now()

    async def late() -> list[str]:
        return [item["id"] for item in done(await counter.desk.get("/console/cases?overdue=true"))["items"]]

    for minutes, clock in ((44, "on_time"), (45, "warning"), (60, "warning")):
        village.clock.set(begun + timedelta(minutes=minutes))
        assert ((await counter.seen(case))["answer_clock"], await late()) == (clock, [])
    village.clock.set(begun + timedelta(minutes=61))
    assert ((await counter.seen(case))["answer_clock"], await late()) == ("overdue", [case["id"]])
    done(await counter.desk.post(f"/console/cases/{case['id']}/answer", {"words": "正在核实"}))
    assert ((await counter.seen(case))["answer_clock"], await late()) == ("stopped", [])
    village.clock.set(begun + timedelta(hours=24, minutes=1))
    assert ((await counter.seen(case))["refund_clock"], await late()) == ("overdue", [case["id"]])
    await counter.decided(case)
    assert await late() == [case["id"]]  # the money is not back yet
    await counter.pay_back()
    assert await late() == []


async def test_decisions_that_make_no_sense_are_refused_and_nothing_changes(counter: Counter) -> None:
    case = await counter.open(counter.apples, 2)
    before = await counter.written()
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"quantity": 3}, 409, "more_than_claimed"),
        ({"amount_fen": 7_801}, 409, "more_than_claimed"),
        ({"amount_fen": 0}, 422, "decision_unclear"),
        ({"quantity": 1, "amount_fen": 1}, 422, "decision_unclear"),
        ({"liability": None}, 422, "decision_unclear"),
        ({"outcome": "reject", "quantity": 1}, 422, "decision_unclear"),
        ({"outcome": "reject", "ask_member": True}, 422, "decision_unclear"),
        ({"quantity": 0}, 422, "invalid_request"),
        ({"quantity": -1}, 422, "invalid_request"),
        ({"quantity": "1"}, 422, "invalid_request"),
        ({"amount_fen": -5}, 422, "invalid_request"),
        ({"amount_fen": 10**12}, 422, "invalid_request"),
        ({"liability": "weather"}, 422, "invalid_request"),
        ({"outcome": "maybe"}, 422, "invalid_request"),
        ({"reply": " "}, 422, "invalid_request"),
        ({"reply": "a\x00b"}, 422, "invalid_request"),
        ({"reply": "好" * 501}, 422, "invalid_request"),
        ({"extra": 1}, 422, "invalid_request"),
    ]
    for body, status, code in wrong:
        problem(await counter.decide(case, **body), status, code)
        assert await counter.written() == before, body
    for unknown in ("5", str((1 << 62) + 7)):
        problem(await counter.decide({"id": unknown}), 404, "no_such_case")
    problem(await counter.decide({"id": "x"}), 422, "bad_id")
    assert await counter.written() == before


async def test_complaints_that_make_no_sense_are_refused_and_nothing_is_written(counter: Counter) -> None:
    photo = await counter.photo()
    before = await counter.written()
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"quantity": 4}, 409, "nothing_left_to_claim"),
        ({"quantity": 0}, 422, "invalid_request"),
        ({"quantity": -1}, 422, "invalid_request"),
        ({"quantity": 1.5}, 422, "invalid_request"),
        ({"quantity": 10**9}, 422, "invalid_request"),
        ({"kind": "ugly"}, 422, "invalid_request"),
        ({"line_id": str((1 << 62) + 7)}, 404, "order_not_found"),
        ({"line_id": "-1"}, 422, "bad_id"),
        ({"line_id": None}, 422, "bad_id"),
        ({"story": "x" * 501}, 422, "invalid_request"),
        ({"photos": [photo] * 10}, 422, "invalid_request"),
        ({"photos": ["../../secret.key"]}, 422, "invalid_request"),
        ({"photos": photo}, 422, "invalid_request"),
        ({"member_id": "1"}, 422, "invalid_request"),
    ]
    for body, status, code in wrong:
        problem(await counter.complain(counter.apples, **({"photos": [photo]} | body)), status, code)
        assert await counter.written() == before, body
    done(await counter.complain(counter.apples, photos=[photo, photo]))


async def test_the_check_of_the_books_sees_a_case_that_was_falsified(counter: Counter) -> None:
    await counter.decided(await counter.open(counter.apples))
    await counter.open(counter.apples)
    await counter.village.in_balance()
    for change, back in (
        ("cases SET refund_fen = refund_fen - 1", "cases SET refund_fen = refund_fen + 1"),
        ("claims SET held_fen = held_fen - 1", "claims SET held_fen = held_fen + 1"),
        ("claims SET held_pieces = 0", "claims SET held_pieces = 1"),
        ("claims SET settled_fen = settled_fen - 1", "claims SET settled_fen = settled_fen + 1"),
        ("cases SET automatic_on = '2026-11-24'", "cases SET automatic_on = NULL"),
    ):
        assert await falsified(counter, change), change
        assert not await falsified(counter, back), back


async def falsified(counter: Counter, change: str) -> tuple[money.Difference, ...]:
    """Change rows behind the back of the house, and return what the check finds."""
    decided = " AND outcome = 'refund'" if change.startswith("cases") else ""
    statement = text(f"UPDATE aftersale.{change} WHERE region_id = :region_id{decided}")

    async def changed(tx: Tx) -> tuple[money.Difference, ...]:
        await tx.execute(statement, {"region_id": tx.region_id})
        return (await money.check(tx)).differences

    return await counter.village.do(changed)

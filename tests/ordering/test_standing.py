"""Stories of what members want every week, and what is ordered for them when a cycle opens."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import ordering, sale
from linli.ordering.placing.model import Placement
from linli.ordering.standing import rules
from linli.ordering.standing.commands import place_standing
from linli.platform.outbox import parked
from tests.ordering.test_leader import Counted
from tests.ordering.village import TUESDAY, Village, problem
from tests.people_cast import Person, done

WEDNESDAY = TUESDAY + timedelta(days=1)


async def sku_of(village: Village, offer_id: int) -> str:
    """Return the sku that an offer sells."""
    return str((await village.do(lambda tx: sale.offer(tx, offer_id))).sku_id)


async def subscribed(village: Village, who: Person, sku_id: str, **terms: Any) -> dict[str, Any]:
    """Let a member have something ordered every Wednesday."""
    body = {"sku_id": sku_id, "quantity": 2, "weekdays": [3], "ceiling_fen": 4_000, **terms}
    return done(await who.post("/app/standings", body))  # type: ignore[no-any-return]


async def wednesday(village: Village, sku_id: str, *, price_fen: int = 3_900, **terms: Any) -> tuple[int, int]:
    """Publish Wednesday's cycle with one offer, open it and let what follows happen; returns cycle and offer."""
    cycle_id = await village.do(lambda tx: sale.publish(tx, delivery_date=WEDNESDAY))
    listed = {"cycle_id": cycle_id, "sku_id": int(sku_id), "price_fen": price_fen, **terms}
    offer_id = await village.do(lambda tx: sale.list_offer(tx, **listed))
    await village.do(lambda tx: sale.open_now(tx, cycle_id=cycle_id))
    await village.drain()
    return cycle_id, offer_id


async def followed(who: Person, standing_id: str) -> dict[str, Any]:
    """Return a standing order with what became of it."""
    return done(await who.get(f"/app/standings/{standing_id}"))  # type: ignore[no-any-return]


async def told(who: Person) -> list[str]:
    """Return what a member read about standing orders."""
    messages = done(await who.get("/app/messages"))["items"]
    return [one["text"] for one in messages if one["title"].startswith("周期购")]


@pytest.mark.rule("CYC-4")
@pytest.mark.rule("ORD-5")
async def test_what_she_wants_every_wednesday_is_ordered_when_its_cycle_opens(village: Village) -> None:
    sku_id = await sku_of(village, village.apples)
    mine = await subscribed(village, village.lady, sku_id)
    cycle_id, offer_id = await wednesday(village, sku_id)
    (run,) = (await followed(village.lady, mine["id"]))["runs"]
    assert (run["outcome"], run["cycle_id"]) == ("placed", str(cycle_id))
    order = await village.seen(village.lady, run["order_id"])
    assert (order["payable_fen"], order["lines"][0]["quantity"], order["note"]) == (7_800, 2, "周期购")
    assert await village.sold(offer_id) == 2
    (text,) = await told(village.lady)
    assert "78.00" in text
    cut_off = (await village.do(lambda tx: sale.cycle(tx, cycle_id))).cut_off_at
    assert datetime.fromisoformat(order["hold_until"]) == cut_off - timedelta(hours=1)
    village.clock.set(cut_off - timedelta(hours=1, seconds=1))
    await village.do(ordering.expire_holds)
    assert (await village.seen(village.lady, run["order_id"]))["state"] == "placed"
    village.clock.set(cut_off - timedelta(hours=1))
    await village.do(ordering.expire_holds)
    assert (await village.seen(village.lady, run["order_id"]))["state"] == "cancelled"
    assert await village.sold(offer_id) == 0


@pytest.mark.rule("CYC-4")
async def test_too_dear_or_sold_out_she_is_told_why_and_nothing_is_ordered(village: Village) -> None:
    sku_id = await sku_of(village, village.apples)
    dear = await subscribed(village, village.lady, sku_id, ceiling_fen=3_899)
    many = await subscribed(village, village.uncle, sku_id, quantity=6)
    before = await village.count("orders")
    _, offer_id = await wednesday(village, sku_id, stock_limit=5)
    assert await village.count("orders") == before
    assert await village.sold(offer_id) == 0
    (run,) = (await followed(village.lady, dear["id"]))["runs"]
    assert (run["outcome"], run["order_id"]) == ("too_dear", None)
    (run,) = (await followed(village.uncle, many["id"]))["runs"]
    assert (run["outcome"], run["reason"], run["order_id"]) == ("sold_out", "sold_out", None)
    assert ["高于" in text for text in await told(village.lady)] == [True]
    assert ["售罄" in text for text in await told(village.uncle)] == [True]
    assert await village.do(parked) == []


@pytest.mark.rule("CYC-4")
async def test_paused_skipped_ended_past_or_on_another_day_nothing_is_ordered(village: Village) -> None:
    sku_id = await sku_of(village, village.apples)
    paused, skipped, ended, other, past, twice = [await subscribed(village, village.lady, sku_id) for _ in range(6)]
    path = "/app/standings"
    assert done(await village.lady.post(f"{path}/{paused['id']}/pause"))["state"] == "paused"
    left_out = done(await village.lady.post(f"{path}/{skipped['id']}/skips", {"day": WEDNESDAY.isoformat()}))
    assert left_out["skips"] == ["2026-11-23"]
    done(await village.lady.post(f"{path}/{ended['id']}/end"))
    done(await village.lady.post(f"{path}/{ended['id']}/end"))  # told twice it is quiet
    same = {"quantity": 2, "weekdays": [3], "ceiling_fen": 4_000}
    done(await village.lady.put(f"{path}/{other['id']}", {**same, "weekdays": [1, 4, 5, 6, 7]}))
    done(await village.lady.put(f"{path}/{past['id']}", {**same, "until": TUESDAY.isoformat()}))
    done(await village.lady.post(f"{path}/{twice['id']}/skips", {"day": "2026-11-29"}))
    done(await village.lady.delete(f"{path}/{twice['id']}/skips/2026-11-23"))
    done(await village.lady.post(f"{path}/{twice['id']}/pause"))
    done(await village.lady.post(f"{path}/{twice['id']}/resumption"))
    problem(await village.lady.post(f"{path}/{ended['id']}/resumption"), 409, "wrong_state")
    _, offer_id = await wednesday(village, sku_id)
    assert await village.sold(offer_id) == 2
    for one in (paused, skipped, ended, other, past):
        assert (await followed(village.lady, one["id"]))["runs"] == []
    assert (await followed(village.lady, twice["id"]))["runs"][0]["outcome"] == "placed"


@pytest.mark.rule("CYC-4")
async def test_two_workers_and_a_second_telling_order_each_only_once(village: Village) -> None:
    sku_id = await sku_of(village, village.apples)
    for who in (village.lady, village.uncle) * 3:
        await subscribed(village, who, sku_id)
    cycle_id, offer_id = await wednesday(village, sku_id)
    assert await village.sold(offer_id) == 12
    assert await village.do(lambda tx: place_standing(tx, cycle_id=cycle_id)) == 0

    thursday = WEDNESDAY + timedelta(days=1)
    for who in (village.lady, village.uncle) * 3:
        await subscribed(village, who, sku_id, weekdays=[thursday.isoweekday()])
    later = await village.do(lambda tx: sale.publish(tx, delivery_date=thursday))
    terms = {"cycle_id": later, "sku_id": int(sku_id), "price_fen": 3_900}
    offer = await village.do(lambda tx: sale.list_offer(tx, **terms))
    await village.do(lambda tx: sale.open_now(tx, cycle_id=later))
    workers = [village.do(lambda tx: place_standing(tx, cycle_id=later, limit=4)) for _ in range(4)]
    await asyncio.gather(*workers)
    await village.drain()
    assert await village.sold(offer) == 12
    assert await village.count("standing_runs") == 12


@pytest.mark.rule("CYC-4")
async def test_what_is_offered_for_standing_orders_is_theirs_and_taken_before_the_normal_offer(
    village: Village,
) -> None:
    sku_id = await sku_of(village, village.apples)
    await subscribed(village, village.lady, sku_id)
    cycle_id = await village.do(lambda tx: sale.publish(tx, delivery_date=WEDNESDAY))
    listed = {"cycle_id": cycle_id, "sku_id": int(sku_id)}
    normal = await village.do(lambda tx: sale.list_offer(tx, **listed, price_fen=3_900))
    cheaper = await village.do(lambda tx: sale.list_offer(tx, **listed, price_fen=3_500, kind="standing"))
    await village.do(lambda tx: sale.open_now(tx, cycle_id=cycle_id))
    await village.drain()
    assert [await village.sold(one) for one in (normal, cheaper)] == [0, 2]
    by_hand = {"cycle_id": str(cycle_id), "lines": [{"offer_id": str(cheaper), "quantity": 1}]}
    problem(await village.uncle.post("/app/quotes", by_hand), 409, "only_standing")
    problem(await village.uncle.post("/app/orders", {**by_hand, "expect_payable_fen": 3_500}), 409, "only_standing")
    assert await village.sold(cheaper) == 2


async def test_it_is_hers_alone_and_odd_wishes_are_refused(village: Village) -> None:
    sku_id = await sku_of(village, village.apples)
    mine = await subscribed(village, village.lady, sku_id)
    for path in (f"/app/standings/{mine['id']}/pause", f"/app/standings/{mine['id']}/end"):
        problem(await village.uncle.post(path), 404, "standing_not_found")
    problem(await village.uncle.get(f"/app/standings/{mine['id']}"), 404, "standing_not_found")
    body = {"sku_id": sku_id, "quantity": 1, "weekdays": [1], "ceiling_fen": 100}
    before = await village.count("standings")
    problem(await village.lady.post("/app/standings", {**body, "weekdays": [1, 1]}), 422, "weekdays_unclear")
    problem(await village.lady.post("/app/standings", {**body, "until": "2026-11-22"}), 422, "until_past")
    problem(await village.lady.post("/app/standings", {**body, "sku_id": "1"}), 404, "no_such_sku")
    assert await village.count("standings") == before
    for _ in range(19):
        done(await village.lady.post("/app/standings", body))
    refused = problem(await village.lady.post("/app/standings", body), 409, "too_many_standings")
    assert refused["most"] == 20
    operator = await village.cast.operator()
    shown = done(await operator.get("/console/standings?state=active&limit=5"))
    assert shown["items"][0]["id"] == mine["id"]
    assert shown["next"] == shown["items"][-1]["id"]


async def test_many_standing_orders_take_no_more_statements_than_few(village: Village) -> None:
    sku_id = await sku_of(village, village.apples)
    for who in (village.lady, village.uncle) * 8:
        await subscribed(village, who, sku_id)
    cycle_id = await village.do(lambda tx: sale.publish(tx, delivery_date=WEDNESDAY))
    await village.do(lambda tx: sale.list_offer(tx, cycle_id=cycle_id, sku_id=int(sku_id), price_fen=3_900))
    await village.do(lambda tx: sale.open_now(tx, cycle_id=cycle_id))
    counts = []
    for limit in (2, 2, 12):
        with Counted(village) as counted:
            assert await village.do(partial(place_standing, cycle_id=cycle_id, limit=limit)) == limit
        counts.append(counted.number)
    assert counts[2] <= counts[1], counted.statements


@given(st.sets(st.integers(1, 7), min_size=1), st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_weekdays_come_back_as_they_were_chosen_and_meet_their_days(chosen: set[int], day: date) -> None:
    bits = rules.as_bits(chosen)
    assert set(rules.from_bits(bits)) == chosen
    assert bool(bits & rules.bit_of(day)) == (day.isoweekday() in chosen)
    assert rules.monday_of(day).isoweekday() == 1
    assert 0 <= (day - rules.monday_of(day)).days < 7


@given(st.integers(0, 600), st.integers(0, 600))
def test_a_standing_hold_ends_an_hour_before_cut_off_and_never_before_the_usual_one(usual: int, cut_off: int) -> None:
    start = datetime(2026, 11, 23)
    at, over = start + timedelta(minutes=usual), start + timedelta(minutes=cut_off)
    assert rules.held_until(at, over) >= at
    assert rules.held_until(at, over) in (at, over - timedelta(hours=1))


async def test_an_order_that_may_cost_so_much_at_most_is_refused_beyond_it(village: Village) -> None:
    before = await village.written()
    wanted = Placement(village.lady.id, village.cycle_id, ((village.apples, 2),), "test", most_fen=7_799)
    (refused,) = await village.do(lambda tx: ordering.place_many(tx, placements=[wanted]))
    assert getattr(refused, "code", "") == "too_dear"
    assert await village.written() == before
    (placed,) = await village.do(lambda tx: ordering.place_many(tx, placements=[wanted._replace(most_fen=7_800)]))
    assert not hasattr(placed, "code")

"""砍价: neighbours cut the price help by help down to the floor, each once, and the owner buys once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.price import Item
from linli.kernel.refusals import Refusal
from linli.marketing.bargain import rules
from linli.marketing.bargain.commands import help_bargain
from linli.platform.database import Tx
from tests.marketing.gathering import asking, at_the_desk, neighbours, offered
from tests.marketing.stall import ordered, paid, place, placed_at_once, quoted, rows
from tests.ordering.village import Village, problem
from tests.people_cast import Person, done

TERMS = {"floor_fen": 900, "helps": 3, "hours": 2}


async def bargain_offer(village: Village, **terms: int) -> int:
    """List plums at 15.00 that can be bargained down to 9.00 by three helps."""
    offer_id = await offered(village, "bargain")
    operator = await village.cast.operator()
    done(await operator.put(f"/console/offers/{offer_id}/bargain", {**TERMS, **terms}))
    return offer_id


async def started(who: Person, offer_id: int, device: str = "") -> str:
    """Start a bargain; returns its id."""
    return str(done(await who.post(f"/app/offers/{offer_id}/bargains", {"device": device}))["id"])


async def helped(who: Person, bargain_id: str, device: str = "") -> int:
    """Help with a bargain; returns the fen that were cut."""
    return int(done(await who.post(f"/app/bargains/{bargain_id}/helps", {"device": device}))["cut_fen"])


@pytest.mark.rule("MKT-2")
@given(st.integers(1, 60), st.integers(0, 100_000), st.data())
def test_the_helps_together_cut_exactly_down_to_the_floor(helps: int, more: int, data: st.DataObject) -> None:
    whole = left = helps + more
    for at in range(helps):
        fen = rules.cut(left, helps - at, data.draw(st.integers(0, rules.DRAWS - 1)))
        assert 1 <= fen <= left - (helps - at - 1)
        assert at == helps - 1 or fen <= max(1, 2 * left // (helps - at))
        left -= fen
    assert (left, whole - left) == (0, whole)


@pytest.mark.rule("MKT-2")
async def test_neighbours_bargain_the_price_down_and_the_owner_buys_one_piece_at_it(village: Village) -> None:
    offer = await bargain_offer(village)
    owner, one, two, three = await neighbours(village, 4)
    mine = await started(owner, offer)
    assert await started(owner, offer) == mine
    cuts = [await helped(who, mine) for who in (one, two)]
    reached = 1_500 - sum(cuts)
    assert (await quoted(village, owner, (offer, 2), bargain=mine))["payable_fen"] == reached + 1_500
    cuts.append(await helped(three, mine))
    assert sum(cuts) == 600
    seen = done(await one.get(f"/app/bargains/{mine}"))
    assert (seen["price_fen"], seen["helped"], seen["yours"]) == (900, 3, False)
    assert [each["cut_fen"] for each in seen["given"]] == cuts
    assert (await paid(village, owner, (offer, 1), bargain=mine))["paid_fen"] == 900
    assert done(await owner.get(f"/app/bargains/{mine}"))["bought"]
    await village.in_balance()


@pytest.mark.rule("MKT-2")
async def test_who_may_not_help_cuts_nothing(village: Village) -> None:
    offer = await bargain_offer(village, helps=5)
    owner, one, two, three, four, five = await neighbours(village, 6)
    mine, other = await started(owner, offer, "d-owner"), await started(five, offer, "d-five")
    await helped(one, mine, "d-one")

    async def standing() -> tuple[object, ...]:
        seen = done(await owner.get(f"/app/bargains/{mine}"))
        return seen["price_fen"], seen["helped"], *(await rows(village, "bargain_helps"))

    before = await standing()
    for who, bargain, device, code in (
        (owner, mine, "", "own_bargain"),
        (two, mine, "d-owner", "own_bargain"),
        (one, mine, "d-new", "helped_already"),
        (one, other, "d-new", "helped_already"),
        (two, mine, "d-one", "helped_already"),
    ):
        problem(await who.post(f"/app/bargains/{bargain}/helps", {"device": device}), 409, code)
    problem(await two.post("/app/bargains/4711/helps", {}), 404, "no_such_bargain")
    assert await standing() == before
    await helped(two, mine)
    await helped(three, mine)
    problem(await four.post(f"/app/bargains/{mine}/helps", {}), 409, "too_many_from_address")


@pytest.mark.rule("MKT-2")
async def test_two_who_help_at_once_both_count_and_only_one_is_the_last(village: Village) -> None:
    offer = await bargain_offer(village, helps=2)
    owner, *others = await neighbours(village, 6)
    mine = int(await started(owner, offer))

    async def helping(who: Person) -> str:
        async def work(tx: Tx) -> int:
            return (await help_bargain(tx, bargain_id=mine, member_id=who.id, draw=500_000))[1]

        try:
            return str(await village.do(work))
        except Refusal as refusal:
            return refusal.code

    answers = await asyncio.gather(*(helping(who) for who in others))
    cuts = [int(answer) for answer in answers if answer.isdigit()]
    assert (len(cuts), sum(cuts)) == (2, 600)
    assert [answer for answer in answers if not answer.isdigit()] == ["bargain_over"] * 3
    seen = done(await owner.get(f"/app/bargains/{mine}"))
    assert (seen["price_fen"], seen["helped"]) == (900, 2)


@pytest.mark.rule("MKT-2")
async def test_one_person_who_helps_twice_at_once_helps_once(village: Village) -> None:
    offer = await bargain_offer(village)
    owner, one = await neighbours(village, 2)
    mine = int(await started(owner, offer))

    async def helping(draw: int) -> bool:
        try:
            await village.do(lambda tx: help_bargain(tx, bargain_id=mine, member_id=one.id, draw=draw))
        except Refusal:
            return False
        return True

    assert sum(await asyncio.gather(*(helping(draw) for draw in (1, 2, 3)))) == 1
    assert await rows(village, "bargain_helps") == [1]


@pytest.mark.rule("MKT-2")
async def test_a_bargain_is_bought_once_and_comes_back_with_a_cancelled_order(village: Village) -> None:
    offer = await bargain_offer(village, helps=1)
    owner, one = await neighbours(village, 2)
    mine = await started(owner, offer)
    problem(
        await one.post("/app/orders", village.basket((offer, 1), expect=1_500, using={"bargain": mine})),
        404,
        "no_such_bargain",
    )
    await helped(one, mine)
    orders, refused = await placed_at_once(
        *(place(village, owner, (offer, 1), expect=900, bargain=mine) for _ in range(3))
    )
    assert (len(orders), refused) == (1, ["bargain_over"] * 2)
    done(await owner.post(f"/app/orders/{orders[0].id}/cancellation", {"reason": "改天"}))
    assert (await ordered(village, owner, (offer, 1), bargain=mine))["payable_fen"] == 900


@pytest.mark.rule("MKT-2")
async def test_a_bargain_ends_with_its_hours(village: Village) -> None:
    offer = await bargain_offer(village)
    owner, one = await neighbours(village, 2)
    mine = await started(owner, offer)
    village.clock.set(village.clock.now() + timedelta(hours=2))
    problem(await one.post(f"/app/bargains/{mine}/helps", {}), 409, "bargain_over")
    before = await village.written()
    body = village.basket((offer, 1), expect=1_500, using={"bargain": mine})
    problem(await owner.post("/app/orders", body), 409, "bargain_over")
    for wrong in ("", "x", 7, None, ["1"], "99999999999999999999"):
        body = village.basket((offer, 1), expect=1_500, using={"bargain": wrong})
        problem(await owner.post("/app/orders", body), 422, "bargain_choice_unclear")
    assert await village.written() == before


@pytest.mark.rule("CYC-6")
async def test_an_offer_is_not_bargained_below_cost_or_in_more_helps_than_fen(village: Village) -> None:
    offer = await bargain_offer(village)
    operator = await village.cast.operator()
    for wrong, status, code in (
        ({"floor_fen": 749}, 409, "below_cost"),
        ({"floor_fen": 1_500}, 422, "bargain_terms_refused"),
        ({"floor_fen": 1_490, "helps": 11}, 422, "bargain_terms_refused"),
    ):
        problem(await operator.put(f"/console/offers/{offer}/bargain", TERMS | wrong), status, code)
    problem(await operator.put(f"/console/offers/{village.milk}/bargain", TERMS), 409, "no_bargain_offer")
    problem(await village.lady.post(f"/app/offers/{village.milk}/bargains", {}), 409, "no_bargain_offer")


@pytest.mark.rule("MKT-2")
async def test_a_bargain_is_guarded_by_itself_when_two_orders_buy_it_at_once(village: Village) -> None:
    offer = await bargain_offer(village, helps=1)
    owner, one = await neighbours(village, 2)
    mine = await started(owner, offer)
    await helped(one, mine)
    ask = asking(village, owner, Item(offer, 1, 1_500, kind="bargain"), bargain=mine)
    assert await at_the_desk(village, "bargain", [ask, ask, ask]) == ([600], ["bargain_over"] * 2)

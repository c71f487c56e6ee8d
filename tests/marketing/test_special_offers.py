"""Kinds of offers and the rights to sell them: flash slots, communities, leader levels, changes and their history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import people, sale
from linli.kernel.refusals import Refusal
from linli.platform.database import Tx
from linli.sale.offer import rules
from tests.marketing.gathering import neighbours, offered
from tests.marketing.stall import place, placed_at_once
from tests.ordering.village import Village, problem
from tests.people_cast import done


@pytest.mark.rule("CYC-4")
@pytest.mark.rule("CYC-5")
async def test_a_hundred_pieces_of_a_flash_sale_go_to_a_rush_and_not_one_more(village: Village) -> None:
    opens = village.clock.now() + timedelta(hours=1)
    slot = {"opens_at": opens, "closes_at": opens + timedelta(hours=1)}
    plums = await offered(village, "flash", stock_limit=100, **slot)
    everybody = await neighbours(village, 4)
    body = village.basket((plums, 1), expect=1_500)
    problem(await village.lady.post("/app/orders", body), 409, "offer_closed")
    village.clock.set(opens)
    rush = [place(village, everybody[at % 4], (plums, 7), expect=10_500) for at in range(24)]
    orders, refused = await placed_at_once(*rush)
    assert (len(orders), refused) == (14, ["sold_out"] * 10)
    assert await village.sold(plums) == 98
    (card,) = [
        each
        for each in done(await village.lady.get(f"/app/cycles/{village.cycle_id}/offers"))["items"]
        if each["kind"] == "flash"
    ]
    assert (card["id"], card["left"]) == (str(plums), 2)
    village.clock.set(opens + timedelta(hours=1))
    problem(await village.lady.post("/app/orders", body), 409, "offer_closed")


@pytest.mark.rule("CYC-4")
async def test_a_flash_offer_stands_beside_the_normal_one_but_not_beside_itself(village: Village) -> None:
    (milk,) = (await village.do(lambda tx: sale.offers(tx, ids=[village.milk]))).values()
    operator = await village.cast.operator()
    path = f"/console/cycles/{village.cycle_id}/offers"
    body = {"sku_id": str(milk.sku_id), "price_fen": 990, "kind": "flash", "stock_limit": 10}
    made = done(await operator.post(path, body))
    assert (made["kind"], made["price_fen"], made["version"]) == ("flash", 990, 1)
    problem(await operator.post(path, body), 409, "sku_offered_already")
    cycle = await village.do(lambda tx: sale.cycle(tx, village.cycle_id))
    early = {**body, "kind": "standing", "opens_at": (cycle.opens_at - timedelta(minutes=1)).isoformat()}
    problem(await operator.post(path, early), 422, "terms_contradict")


async def shown(village: Village) -> int:
    """Return how many offers a member of the village sees."""
    return len(done(await village.lady.get(f"/app/cycles/{village.cycle_id}/offers"))["items"])


@pytest.mark.rule("CYC-4")
async def test_a_member_of_another_community_does_not_get_what_is_for_one_community(village: Village) -> None:
    async def elsewhere(tx: Tx) -> tuple[int, int]:
        return (await people.station(tx, village.lady.station_id)).community_id, await people.add_community(
            tx, name="橘洲苑", address="滨江路1号", lat_e6=28_200_000, lng_e6=112_950_000, households=800
        )

    ours, theirs = await village.do(elsewhere)
    plums = await offered(village, "normal", community_ids=[theirs])
    before = await village.written()
    body = village.basket((plums, 1), expect=1_500)
    problem(await village.lady.post("/app/orders", body), 409, "not_for_you")
    assert await village.written() == before
    assert await shown(village) == 3
    operator = await village.cast.operator()
    both = {"reason": "加一个小区", "community_ids": [str(ours), str(theirs)]}
    done(await operator.put(f"/console/offers/{plums}", both))
    assert await shown(village) == 4
    done(await village.lady.post("/app/orders", body))


@pytest.mark.rule("CYC-4")
async def test_only_leaders_of_the_named_levels_sell_an_offer(village: Village) -> None:
    plums = await offered(village, "normal", leader_levels=["gold"])
    body = village.basket((plums, 1), expect=1_500)
    before = await village.written()
    problem(await village.lady.post("/app/orders", body), 409, "not_for_you")
    assert (await village.written(), await shown(village)) == (before, 3)
    operator = await village.cast.operator()
    changed = {"reason": "放开", "leader_levels": ["gold", "normal"]}
    assert done(await operator.put(f"/console/offers/{plums}", changed))["version"] == 2
    done(await village.lady.post("/app/orders", body))


@pytest.mark.rule("CYC-4")
async def test_a_member_gets_so_many_a_day(village: Village) -> None:
    plums = await offered(village, "normal", per_day_limit=3)
    orders, refused = await placed_at_once(*(place(village, village.lady, (plums, 1)) for _ in range(5)))
    assert (len(orders), refused) == (3, ["limit_exceeded"] * 2)
    assert not isinstance(await place(village, village.uncle, (plums, 3)), Refusal)


@pytest.mark.rule("CYC-4")
@pytest.mark.rule("PRC-5")
async def test_a_changed_price_is_for_everybody_from_then_on_and_leaves_its_history(village: Village) -> None:
    plums = await offered(village, "normal", stock_limit=10)
    first = done(await village.lady.post("/app/orders", village.basket((plums, 1), expect=1_500)))
    operator = await village.cast.operator()
    changed = {"reason": "临时降价", "price_fen": 1_200, "flags": ["hero"], "per_order_limit": 4}
    seen = done(await operator.put(f"/console/offers/{plums}", changed))
    assert (seen["price_fen"], seen["floor_fen"], seen["flags"], seen["version"]) == (1_200, 1_200, ["hero"], 2)
    problem(await village.uncle.post("/app/orders", village.basket((plums, 1), expect=1_500)), 409, "price_changed")
    done(await village.uncle.post("/app/orders", village.basket((plums, 1), expect=1_200)))
    assert (await village.seen(village.lady, first["id"]))["payable_fen"] == 1_500
    (line,) = done(await operator.get(f"/console/offers/{plums}/changes"))["items"]
    assert (line["reason"], line["changes"]["price_fen"]) == ("临时降价", {"before": 1_500, "after": 1_200})
    assert line["by"]
    assert set(line["changes"]) == {"price_fen", "floor_fen", "flags", "per_order_limit"}


@pytest.mark.rule("CYC-4")
@pytest.mark.rule("CYC-6")
async def test_a_change_that_cannot_be_is_refused_and_changes_nothing(village: Village) -> None:
    plums = await offered(village, "normal", stock_limit=10)
    await place(village, village.lady, (plums, 5))
    operator = await village.cast.operator()
    before = await village.do(lambda tx: sale.offer(tx, plums))
    for wrong, status, code in (
        ({}, 422, "nothing_changes"),
        ({"price_fen": 749}, 409, "below_cost"),
        ({"price_fen": 700, "campaign_budget_fen": 499}, 409, "below_cost"),
        ({"stock_limit": 4}, 409, "stock_below_sold"),
        ({"per_order_limit": 0}, 422, "invalid_request"),
        ({"price_fen": None}, 422, "invalid_request"),
        ({"minimum_quantity": 11}, 422, "terms_contradict"),
        ({"closes_at": "2026-11-23T15:00:01Z"}, 422, "terms_contradict"),
        ({"kind": "flash"}, 422, "invalid_request"),
    ):
        answer = await operator.put(f"/console/offers/{plums}", {"reason": "改", **wrong})
        problem(answer, status, code)
    problem(await operator.put(f"/console/offers/{plums}", {"price_fen": 1_200}), 422, "invalid_request")
    problem(await operator.put("/console/offers/4711", {"reason": "改", "price_fen": 1}), 404, "no_such_offer")
    assert await village.do(lambda tx: sale.offer(tx, plums)) == before
    assert done(await operator.get(f"/console/offers/{plums}/changes"))["items"] == []
    village.clock.set(village.clock.now() + timedelta(hours=9, minutes=1))
    late = await operator.put(f"/console/offers/{plums}", {"reason": "改", "price_fen": 1_200})
    problem(late, 409, "cycle_not_offerable")


@pytest.mark.rule("CYC-6")
async def test_a_campaign_never_loses_more_than_its_budget_whatever_price_was_sold_at(village: Village) -> None:
    plums = await offered(village, "normal", stock_limit=10)
    operator = await village.cast.operator()
    path = f"/console/offers/{plums}"
    lost = {"reason": "引流", "price_fen": 700, "campaign_budget_fen": 500}  # 0.50 a piece, ten pieces
    done(await operator.put(path, lost))
    for stock in (11, None):
        problem(await operator.put(f"{path}/stock", {"stock_limit": stock}), 409, "below_cost")
    await place(village, village.lady, (plums, 8))
    done(await operator.put(path, {"reason": "恢复", "price_fen": 1_500}))
    problem(await operator.put(f"{path}/stock", {"stock_limit": 11}), 409, "below_cost")  # eight lost 0.50 each
    orders, refused = await placed_at_once(*(place(village, village.uncle, (plums, 1)) for _ in range(4)))
    assert (len(orders), refused) == (2, ["sold_out"] * 2)


@pytest.mark.rule("CYC-6")
@given(st.integers(0, 500), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 20)), max_size=6))
def test_the_greatest_loss_bounds_what_pieces_sold_at_changing_prices_lose(
    cost: int, history: list[tuple[int, int]]
) -> None:
    loss = sold = lost = 0
    for price, pieces in history:
        loss = rules.greatest_loss(cost, price, loss, sold)
        sold += pieces
        lost += max(0, cost - price) * pieces
        assert lost <= loss * sold

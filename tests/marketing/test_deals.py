"""组合 and 新人专享: goods that are cheaper together within a budget, and goods that a newcomer gets once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.kernel.price import Basket, Item, price
from linli.marketing.deal import rules
from linli.marketing.deal.model import BundleTerm
from tests.marketing.gathering import asking, at_the_desk, offered
from tests.marketing.stall import ordered, paid, place, placed_at_once, quoted, rows
from tests.ordering.village import Village, problem
from tests.people_cast import done

pieces = st.integers(1, 12)


async def breakfast(village: Village, **more: Any) -> dict[str, Any]:
    """Sell two bottles of milk and a box of eggs (51.80 apart) for 45.00."""
    parts = [{"offer_id": str(village.milk), "quantity": 2}, {"offer_id": str(village.offers[2]), "quantity": 1}]
    body = {"title": "早餐组合", "price_fen": 4_500, "parts": parts, **more}
    operator = await village.cast.operator()
    return done(await operator.post(f"/console/cycles/{village.cycle_id}/bundles", body))  # type: ignore[no-any-return]


@pytest.mark.rule("MKT-2")
@pytest.mark.rule("PRC-3")
@given(
    st.lists(st.tuples(pieces, st.integers(1, 5_000)), min_size=2, max_size=5),
    st.lists(pieces, min_size=2, max_size=3),
    st.integers(1, 20_000),
    st.integers(0, 3),
)
def test_a_bundle_costs_its_price_as_often_as_it_fits_and_lines_sum_up(
    goods: list[tuple[int, int]], need: list[int], bundle_fen: int, most: int
) -> None:
    items = tuple(Item(at + 1, quantity, fen) for at, (quantity, fen) in enumerate(goods))
    parts = tuple((at + 1, quantity) for at, quantity in enumerate(need[: len(items)]))
    window = {"starts_at": datetime(2020, 1, 1, tzinfo=UTC), "ends_at": datetime(2021, 1, 1, tzinfo=UTC)}
    term = BundleTerm(source="bundle:1", label="组合", parts=parts, price_fen=bundle_fen, most=most, **window)
    quote = price(Basket(items, terms=(term,)))
    times = min(items[at].quantity // quantity for at, quantity in enumerate(need[: len(items)]))
    times = min(times, most) if most else times
    apart = sum(items[at].price_fen * quantity for at, quantity in enumerate(need[: len(items)]))
    whole = sum(item.quantity * item.price_fen for item in items)
    assert rules.fits(parts, items, most) == times
    assert quote.payable_fen == whole - times * max(0, apart - bundle_fen)
    assert quote.payable_fen == sum(line.payable_fen for line in quote.lines)
    assert all(line.payable_fen >= 0 for line in quote.lines)
    untouched = [line for line in quote.lines if line.offer_id not in dict(parts)]
    assert all(line.payable_fen == line.goods_fen for line in untouched)


@pytest.mark.rule("MKT-2")
async def test_goods_are_cheaper_together_and_the_night_sees_ordinary_goods(village: Village) -> None:
    made = await breakfast(village)
    (card,) = done(await village.lady.get(f"/app/cycles/{village.cycle_id}/bundles"))["items"]
    assert (card["price_fen"], card["saved_fen"]) == (4_500, 680)
    eggs = village.offers[2]
    assert (await quoted(village, village.lady, (village.milk, 2)))["payable_fen"] == 2_500
    order = await paid(village, village.lady, (village.milk, 5), (eggs, 2))
    assert order["paid_fen"] == 2 * 4_500 + 1_250
    value = await village.value(order["id"])
    assert {line.offer_id: (line.quantity, line.unit_price_fen) for line in value.lines} == {
        village.milk: (5, 1_250),
        eggs: (2, 2_680),
    }
    assert sum(line.paid_fen for line in value.lines) == 10_250
    operator = await village.cast.operator()
    (shown,) = done(await operator.get(f"/console/cycles/{village.cycle_id}/bundles"))["items"]
    assert (shown["id"], shown["orders"], shown["times"], shown["taken_fen"]) == (made["id"], 1, 2, 1_360)
    done(await village.lady.post(f"/app/orders/{order['id']}/cancellation", {"reason": "不要了"}))
    (shown,) = done(await operator.get(f"/console/cycles/{village.cycle_id}/bundles"))["items"]
    assert (shown["orders"], shown["taken_fen"]) == (0, 0)
    await village.drain()
    await village.in_balance()


@pytest.mark.rule("MKT-2")
async def test_a_bundle_never_takes_off_more_than_its_budget_when_many_buy_at_once(village: Village) -> None:
    await breakfast(village, budget_fen=1_400)
    eggs = village.offers[2]
    goods = ((village.milk, 2), (eggs, 1))
    orders, refused = await placed_at_once(
        *(place(village, who, *goods, expect=4_500) for who in (village.lady, village.uncle) for _ in range(2))
    )
    assert (len(orders), refused) == (2, ["price_changed"] * 2)
    assert (await quoted(village, village.lady, *goods))["payable_fen"] == 5_180
    operator = await village.cast.operator()
    (shown,) = done(await operator.get(f"/console/cycles/{village.cycle_id}/bundles"))["items"]
    assert shown["taken_fen"] == 1_360
    buyer = village.lady if orders[0].member_id == village.lady.id else village.uncle
    done(await buyer.post(f"/app/orders/{orders[0].id}/cancellation", {"reason": "不要了"}))
    assert (await quoted(village, village.lady, *goods))["payable_fen"] == 4_500


@pytest.mark.rule("MKT-2")
@pytest.mark.rule("CYC-6")
async def test_a_bundle_that_contradicts_itself_is_refused_and_a_stopped_one_ends(village: Village) -> None:
    operator = await village.cast.operator()
    milk, eggs = str(village.milk), str(village.offers[2])
    good = {
        "title": "组合", "price_fen": 2_000,
        "parts": [{"offer_id": milk, "quantity": 1}, {"offer_id": eggs, "quantity": 1}],
    }  # fmt: skip
    _, others = await village.open_cycle(date(2026, 11, 25), at_once=True)
    for wrong, code in (
        ({"price_fen": 3_930}, "bundle_refused"),
        ({"price_fen": 1_964}, "bundle_refused"),  # the parts cost 6.25 and 13.40
        ({"parts": [{"offer_id": milk, "quantity": 1}, {"offer_id": milk, "quantity": 1}]}, "bundle_refused"),
        ({"parts": [{"offer_id": milk, "quantity": 1}, {"offer_id": str(others[0]), "quantity": 1}]}, "bundle_refused"),
        ({"ends_at": "2026-11-23T15:00:01Z"}, "bundle_refused"),
        ({"parts": [{"offer_id": milk, "quantity": 1}]}, "invalid_request"),
    ):
        answer = await operator.post(f"/console/cycles/{village.cycle_id}/bundles", good | wrong)
        problem(answer, 422, code)
    assert await rows(village, "bundles", "bundle_parts") == [0, 0]
    made = done(await operator.post(f"/console/cycles/{village.cycle_id}/bundles", good))
    again = await operator.post(f"/console/cycles/{village.cycle_id}/bundles", good)
    problem(again, 409, "bundled_already")
    assert await rows(village, "bundles", "bundle_parts") == [1, 2]
    goods = ((village.milk, 1), (village.offers[2], 1))
    assert (await quoted(village, village.lady, *goods))["payable_fen"] == 2_000
    done(await operator.post(f"/console/bundles/{made['id']}/stopping"))
    assert (await quoted(village, village.lady, *goods))["payable_fen"] == 3_930
    done(await operator.post(f"/console/cycles/{village.cycle_id}/bundles", {**good, "budget_fen": 99_999}))


@pytest.mark.rule("CYC-4")
async def test_a_newcomer_orders_newcomers_goods_once_even_from_two_phones_at_once(village: Village) -> None:
    eggs = await offered(village, "newcomer")
    orders, refused = await placed_at_once(*(place(village, village.lady, (eggs, 1), expect=1_500) for _ in range(3)))
    assert (len(orders), refused) == (1, ["newcomer_once"] * 2)
    assert await village.sold(eggs) == 1
    done(await village.lady.post(f"/app/orders/{orders[0].id}/cancellation", {"reason": "不要了"}))
    again = await ordered(village, village.lady, (eggs, 1))
    assert again["payable_fen"] == 1_500


@pytest.mark.rule("CYC-4")
async def test_who_has_paid_an_order_is_no_newcomer(village: Village) -> None:
    eggs = await offered(village, "newcomer")
    await paid(village, village.lady, (village.milk, 1))
    before = await village.written()
    problem(await village.lady.post("/app/orders", village.basket((eggs, 1), expect=1_500)), 409, "not_for_you")
    assert await village.written() == before
    assert (await paid(village, village.uncle, (eggs, 1)))["paid_fen"] == 1_500
    problem(await village.uncle.post("/app/orders", village.basket((eggs, 1), expect=1_500)), 409, "not_for_you")


@pytest.mark.rule("MKT-2")
async def test_a_budget_is_guarded_by_the_bundle_itself(village: Village) -> None:
    await breakfast(village, budget_fen=1_400)
    goods = Item(village.milk, 2, 1_250), Item(village.offers[2], 1, 2_680)
    asks = [asking(village, who, *goods) for who in (village.lady, village.uncle) for _ in range(2)]
    taken, refused = await at_the_desk(village, "bundle", asks)
    assert (sorted(taken), refused) == ([0, 0, 680, 680], [])


@pytest.mark.rule("CYC-4")
async def test_a_newcomer_is_guarded_when_nothing_else_is_locked(village: Village) -> None:
    eggs = await offered(village, "newcomer")
    before = await ordered(village, village.lady, (eggs, 1))
    done(await village.lady.post(f"/app/orders/{before['id']}/cancellation", {"reason": "不要了"}))
    ask = asking(village, village.lady, Item(eggs, 1, 1_500, kind="newcomer"))
    taken, refused = await at_the_desk(village, "newcomer", [ask, ask, ask])
    assert (taken, refused) == ([0], ["newcomer_once"] * 2)

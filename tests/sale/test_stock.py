"""Stock: members take and give back pieces; every refusal leaves all counters as they were."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from linli import sale
from linli.kernel.refusals import Conflict, Refusal
from linli.sale.stock import commands as stock
from tests.sale.market import CUT_OFF, OPENING, Market


@pytest.mark.rule("CYC-5")
async def test_aunt_li_takes_two_boxes_and_gives_one_back(market: Market) -> None:
    cycle_id, [apples] = await market.open({"stock_limit": 10, "per_cycle_limit": 5})
    found = await market.take(1, {apples: 2})
    assert found[apples].price_fen == 500
    assert found[apples].cost_fen == 300
    await market.give(1, {apples: 1})
    assert (await market.sold(apples), await market.held(1, apples)) == (1, 1)
    assert await market.differences(cycle_id) == {}


@pytest.mark.rule("CYC-5")
async def test_the_last_box_is_sold_once_and_the_refusal_says_how_many_are_left(market: Market) -> None:
    _, [apples] = await market.open({"stock_limit": 3})
    await market.take(1, {apples: 2})
    with pytest.raises(sale.SoldOut) as refused:
        await market.take(2, {apples: 2})
    assert refused.value.facts["left"] == 1
    assert (await market.sold(apples), await market.held(2, apples)) == (2, 0)
    await market.take(2, {apples: 1})
    assert await market.sold(apples) == 3


@pytest.mark.rule("ORD-2")
async def test_a_basket_is_held_whole_or_not_at_all(market: Market) -> None:
    _, [apples, eggs] = await market.open({"stock_limit": 10}, {"stock_limit": 1})
    with pytest.raises(sale.SoldOut):
        await market.take(1, {apples: 2, eggs: 2})
    assert [await market.sold(each) for each in (apples, eggs)] == [0, 0]
    assert await market.held(1, apples) == 0


@pytest.mark.rule("CYC-4")
async def test_limits_hold_per_order_and_over_the_whole_cycle(market: Market) -> None:
    _, [apples] = await market.open({"per_order_limit": 2, "per_cycle_limit": 3, "minimum_quantity": 2})
    for quantity, which in ((1, "minimum"), (3, "per_order")):
        with pytest.raises(stock.LimitExceeded) as refused:
            await market.take(1, {apples: quantity})
        assert refused.value.facts["limit"] == which
    await market.take(1, {apples: 2})
    with pytest.raises(stock.LimitExceeded) as refused:
        await market.take(1, {apples: 2})
    assert (refused.value.facts["limit"], refused.value.facts["taken"]) == ("per_cycle", 2)
    assert (await market.sold(apples), await market.held(1, apples)) == (2, 2)
    await market.take(2, {apples: 2})  # another member has limits of their own
    await market.give(1, {apples: 2})
    await market.take(1, {apples: 2})  # what was given back may be taken again
    assert await market.sold(apples) == 4


@pytest.mark.rule("CYC-2")
async def test_nothing_can_be_held_before_opening_or_from_the_cut_off_on(market: Market) -> None:
    cycle_id = await market.publish()
    apples = await market.offer(cycle_id)
    with pytest.raises(stock.OfferClosed) as refused:
        await market.take(1, {apples: 1})
    assert refused.value.facts["reason"] == "not_open"
    market.clock.set(OPENING)
    await market.do(sale.open_due)
    await market.take(1, {apples: 1})
    market.clock.set(CUT_OFF)  # the closing worker is late; the offer is shut all the same
    with pytest.raises(stock.OfferClosed) as refused:
        await market.take(1, {apples: 1})
    assert refused.value.facts["reason"] == "cut_off"
    assert await market.sold(apples) == 1
    await market.give(1, {apples: 1})  # an unpaid hold that runs out after the cut-off
    assert await market.sold(apples) == 0


async def test_a_withdrawn_offer_sells_nothing_more_and_keeps_what_was_sold(market: Market) -> None:
    _, [apples] = await market.open({"stock_limit": 5})
    await market.take(1, {apples: 2})
    await market.do(lambda tx: sale.withdraw(tx, offer_id=apples))
    with pytest.raises(stock.OfferClosed):
        await market.take(2, {apples: 1})
    assert await market.sold(apples) == 2


@pytest.mark.parametrize("quantity", [0, -1, 10_000, 2**31])
async def test_an_impossible_quantity_changes_nothing(market: Market, quantity: int) -> None:
    _, [apples] = await market.open({"stock_limit": 5, "per_cycle_limit": 5})
    await market.take(1, {apples: 1})
    for command in (market.take, market.give):
        with pytest.raises(stock.QuantityImpossible):
            await command(1, {apples: quantity})
    assert (await market.sold(apples), await market.held(1, apples)) == (1, 1)


async def test_nobody_gives_back_what_somebody_else_holds(market: Market) -> None:
    _, [apples] = await market.open({"stock_limit": 5, "per_cycle_limit": 5})
    await market.take(1, {apples: 2})
    for member, quantity in ((2, 1), (1, 3)):
        with pytest.raises(stock.NotHeld):
            await market.give(member, {apples: quantity})
    assert (await market.sold(apples), await market.held(1, apples)) == (2, 2)


async def test_an_offer_of_another_region_is_not_found(market: Market) -> None:
    _, [apples] = await market.open()
    elsewhere = Market(market.db, market.clock, market.region_id + 500_000)
    with pytest.raises(sale.NoSuchOffer):
        await elsewhere.take(1, {apples: 1})
    assert await market.sold(apples) == 0


@pytest.mark.rule("CYC-5")
async def test_stock_is_raised_and_lowered_but_never_below_what_was_sold(market: Market) -> None:
    _, [apples] = await market.open({"stock_limit": 2})
    await market.take(1, {apples: 2})
    with pytest.raises(Conflict):
        await market.do(lambda tx: sale.set_stock(tx, offer_id=apples, stock_limit=1))
    await market.do(lambda tx: sale.set_stock(tx, offer_id=apples, stock_limit=3))
    await market.take(2, {apples: 1})
    assert await market.sold(apples) == 3


@pytest.mark.rule("CYC-5")
@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE sale.offers SET sold = stock_limit + 1 WHERE region_id = :r AND id = :o",
        "UPDATE sale.offers SET sold = -1 WHERE region_id = :r AND id = :o",
        "UPDATE sale.offers SET stock_limit = 0 WHERE region_id = :r AND id = :o",
        "UPDATE sale.takings SET taken = -1 WHERE region_id = :r AND offer_id = :o",
        "UPDATE sale.takings SET taken = most + 1 WHERE region_id = :r AND offer_id = :o",
    ],
)
async def test_the_database_itself_refuses_a_wrong_counter(market: Market, wrong: str) -> None:
    _, [apples] = await market.open({"stock_limit": 5, "per_cycle_limit": 3})
    await market.take(1, {apples: 2})
    with pytest.raises(IntegrityError):
        await market.do(lambda tx: tx.execute(text(wrong), {"r": market.region_id, "o": apples}))
    assert (await market.sold(apples), await market.held(1, apples)) == (2, 2)


steps = st.lists(
    st.tuples(
        st.sampled_from(["take", "give"]),
        st.integers(1, 3),
        st.dictionaries(st.integers(0, 1), st.integers(1, 4), min_size=1, max_size=2),
    ),
    max_size=12,
)


@pytest.mark.rule("CYC-5")
@settings(max_examples=25)
@given(steps)
async def test_the_counters_agree_with_a_plain_model_after_any_steps(
    market: Market, steps: list[tuple[str, int, dict[int, int]]]
) -> None:
    cycle_id, offers = await _once(market)
    await _forget(market)
    held: Counter[tuple[int, int]] = Counter()
    for verb, member, basket in steps:
        before = Counter(held)
        for at, quantity in basket.items():
            held[member, at] += quantity if verb == "take" else -quantity
        allowed = all(0 <= count <= 5 for count in held.values())
        allowed = allowed and all(sum(n for (_, o), n in held.items() if o == at) <= 8 for at in (0, 1))
        command = market.take if verb == "take" else market.give
        try:
            await command(member, {offers[at]: quantity for at, quantity in basket.items()})
            assert allowed
        except Refusal:
            assert not allowed
            held = before
    for at in (0, 1):
        assert await market.sold(offers[at]) == sum(n for (_, o), n in held.items() if o == at)
    assert await market.differences(cycle_id) == {}


_markets: dict[int, Any] = {}


async def _once(market: Market) -> tuple[int, list[int]]:
    """Open the market of this test's region at its first example."""
    if market.region_id not in _markets:
        terms = {"stock_limit": 8, "per_cycle_limit": 5}
        _markets[market.region_id] = await market.open(terms, terms)
    return _markets[market.region_id]  # type: ignore[no-any-return]


async def _forget(market: Market) -> None:
    region = {"r": market.region_id}
    market.in_hands.clear()
    await market.do(lambda tx: tx.execute(text("DELETE FROM sale.takings WHERE region_id = :r"), region))
    await market.do(lambda tx: tx.execute(text("UPDATE sale.offers SET sold = 0 WHERE region_id = :r"), region))

"""The cut-off happens exactly once: late, raced, interrupted, and with a clock that is set back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from linli import sale
from linli.kernel.machine import WrongState
from linli.platform.database import Tx
from linli.platform.machines import history
from linli.platform.outbox import OutboxRow
from linli.sale.gate.commands import CutOffPassed, NothingOffered, ReasonMissing, ReopenedTooLate
from linli.sale.stock import commands as stock
from tests.sale.market import CUT_OFF, OPENING, Market


async def facts(market: Market, name: str) -> list[dict[str, object]]:
    """Return the facts of this name that the region announced, oldest first."""
    here = (OutboxRow.region_id == market.region_id, OutboxRow.name == name)

    async def work(tx: Tx) -> list[dict[str, object]]:
        return [row.payload for row in await tx.all(select(OutboxRow).where(*here).order_by(OutboxRow.id))]

    return await market.do(work)


async def verbs(market: Market, cycle_id: int) -> list[str]:
    """Return the verbs of a cycle's history, oldest first."""
    return [line.verb for line in await market.do(lambda tx: history(tx, cycle_id))]


async def assert_closed_once(market: Market, cycle_id: int) -> None:
    found = await market.cycle(cycle_id)
    assert (found.state, found.closings) == ("closed", 1)
    assert (await verbs(market, cycle_id)).count("close") == 1
    told = {"cycle_id": cycle_id, "delivery_date": "2026-11-24", "closing": 1}
    assert await facts(market, "sale.cycle_closed") == [told]


@pytest.mark.rule("CYC-1")
async def test_the_clock_opens_and_closes_a_cycle_at_its_instants(market: Market) -> None:
    cycle_id = await market.publish()
    apples = await market.offer(cycle_id)
    market.clock.set(OPENING - timedelta(seconds=1))
    assert await market.do(sale.open_due) == 0
    market.clock.set(OPENING)
    assert [await market.do(sale.open_due) for _ in range(2)] == [1, 0]
    assert await market.do(sale.close_due) == 0
    market.clock.set(CUT_OFF - timedelta(seconds=1))
    assert await market.do(sale.close_due) == 0
    await market.take(1, {apples: 1})
    market.clock.set(CUT_OFF)
    assert [await market.do(sale.close_due) for _ in range(2)] == [1, 0]
    await assert_closed_once(market, cycle_id)
    assert len(await facts(market, "sale.cycle_opened")) == 1


@pytest.mark.rule("CYC-2")
async def test_two_workers_race_for_the_cut_off_and_one_wins(market: Market) -> None:
    cycle_id, _ = await market.open()
    market.clock.set(CUT_OFF)
    assert sum(await asyncio.gather(*(market.do(sale.close_due) for _ in range(20)))) == 1
    await assert_closed_once(market, cycle_id)


@pytest.mark.rule("CYC-2")
async def test_two_workers_race_for_the_opening_and_one_wins(market: Market) -> None:
    cycle_id = await market.publish()
    await market.offer(cycle_id)
    market.clock.set(OPENING)
    assert sum(await asyncio.gather(*(market.do(sale.open_due) for _ in range(20)))) == 1
    assert await verbs(market, cycle_id) == ["open"]
    assert len(await facts(market, "sale.cycle_opened")) == 1


@pytest.mark.rule("CYC-2")
async def test_after_48_hours_without_any_worker_the_cycle_closes_once(market: Market) -> None:
    cycle_id, [apples] = await market.open()
    market.clock.set(CUT_OFF + timedelta(hours=48))
    with pytest.raises(stock.OfferClosed):  # nobody slipped in while nothing ran
        await market.take(1, {apples: 1})
    assert await market.do(sale.open_due) == 0
    assert [await market.do(sale.close_due) for _ in range(2)] == [1, 0]
    await assert_closed_once(market, cycle_id)


@pytest.mark.rule("CYC-2")
async def test_a_worker_that_dies_in_the_middle_leaves_nothing_and_the_next_one_closes(market: Market) -> None:
    cycle_id, [apples] = await market.open()
    market.clock.set(CUT_OFF)

    async def dies(tx: Tx) -> None:
        assert await sale.close_due(tx) == 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await market.do(dies)
    assert (await market.cycle(cycle_id)).state == "open"
    assert (await market.do(lambda tx: sale.offer(tx, apples))).on_sale
    assert await facts(market, "sale.cycle_closed") == []
    assert await market.do(sale.close_due) == 1
    await assert_closed_once(market, cycle_id)


@pytest.mark.rule("CYC-2")
async def test_a_clock_set_back_neither_reopens_nor_sells_nor_closes_again(market: Market) -> None:
    cycle_id, [apples] = await market.open()
    market.clock.set(CUT_OFF)
    await market.do(sale.close_due)
    market.clock.set(CUT_OFF - timedelta(hours=2))
    assert await market.do(sale.open_due) == await market.do(sale.close_due) == 0
    with pytest.raises(stock.OfferClosed) as refused:
        await market.take(1, {apples: 1})
    assert refused.value.facts["reason"] == "closed"
    market.clock.set(CUT_OFF + timedelta(minutes=1))
    assert await market.do(sale.close_due) == 0
    await assert_closed_once(market, cycle_id)


@pytest.mark.rule("CYC-2")
async def test_an_order_in_flight_is_counted_before_the_cut_off_and_the_next_is_refused(market: Market) -> None:
    _, [apples] = await market.open()
    market.clock.set(CUT_OFF - timedelta(seconds=1))
    async with market.db.transaction(market.region_id, by="test") as tx:
        await sale.hold(tx, member_id=1, wanted={apples: 1})
        market.clock.set(CUT_OFF)
        closing = asyncio.create_task(market.do(sale.close_due))
        await asyncio.sleep(0.2)
        assert not closing.done()  # it waits for the order, so that no order commits after CycleClosed
    assert await closing == 1
    market.clock.set(CUT_OFF - timedelta(seconds=1))  # a web process whose clock runs late
    with pytest.raises(stock.OfferClosed):
        await market.take(2, {apples: 1})
    assert await market.sold(apples) == 1


@pytest.mark.rule("CYC-2")
async def test_orders_racing_the_cut_off_are_all_in_or_all_out(market: Market) -> None:
    cycle_id, [apples] = await market.open()
    seen: list[int] = []

    async def close(tx: Tx) -> int:
        await asyncio.sleep(0.03)
        closed = await sale.close_due(tx)
        seen.append((await sale.offer(tx, apples)).sold)
        return closed

    async def late_clock(member_id: int) -> bool:
        try:
            async with market.db.transaction(market.region_id, by="test", now=CUT_OFF - timedelta(seconds=1)) as tx:
                await sale.hold(tx, member_id=member_id, wanted={apples: 1})
            return True
        except stock.OfferClosed:
            return False

    market.clock.set(CUT_OFF)
    *orders, closed = await asyncio.gather(*(late_clock(n) for n in range(45)), market.do(close))
    assert closed == 1
    assert seen == [sum(orders)] == [await market.sold(apples)]
    await assert_closed_once(market, cycle_id)


@pytest.mark.rule("CYC-2")
async def test_guard_removed_closing_by_reading_first_closes_twice(market: Market) -> None:
    """Show that the race test can fail: two workers that only look before they write both believe they closed."""
    cycle_id, _ = await market.open()
    looked = asyncio.Barrier(2)

    async def careless(tx: Tx) -> bool:
        here = {"r": tx.region_id, "c": cycle_id}
        found = await tx.execute(text("SELECT state FROM sale.cycles WHERE region_id = :r AND id = :c"), here)
        open_still = bool(found.scalar_one() == "open")
        await looked.wait()
        if open_still:
            await tx.execute(text("UPDATE sale.cycles SET state = 'closed' WHERE region_id = :r AND id = :c"), here)
            await tx.announce(sale.CycleClosed(cycle_id, "2026-11-24"))
        return open_still

    assert all(await asyncio.gather(market.do(careless), market.do(careless)))
    assert len(await facts(market, "sale.cycle_closed")) == 2


@pytest.mark.rule("CYC-1")
async def test_an_empty_cycle_does_not_open_and_a_missed_one_never_does(market: Market) -> None:
    cycle_id = await market.publish()
    market.clock.set(OPENING)
    assert await market.do(sale.open_due) == 0
    with pytest.raises(NothingOffered):
        await market.do(lambda tx: sale.open_now(tx, cycle_id=cycle_id))
    await market.offer(cycle_id)
    market.clock.set(CUT_OFF)
    assert await market.do(sale.open_due) == 0
    with pytest.raises(CutOffPassed):
        await market.do(lambda tx: sale.open_now(tx, cycle_id=cycle_id))
    assert (await market.cycle(cycle_id)).state == "draft"


@pytest.mark.rule("CYC-1")
async def test_an_operator_opens_early_and_closes_early_with_a_reason(market: Market) -> None:
    cycle_id = await market.publish()
    apples = await market.offer(cycle_id, stock_limit=2)
    opened = await market.do(lambda tx: sale.open_now(tx, cycle_id=cycle_id))
    assert (opened.state, opened.opens_at) == ("open", market.clock.now())
    await market.take(1, {apples: 2})
    with pytest.raises(ReasonMissing):
        await market.do(lambda tx: sale.close_now(tx, cycle_id=cycle_id, reason=""))
    for _ in range(2):  # a second click is quiet
        await market.do(lambda tx: sale.close_now(tx, cycle_id=cycle_id, reason="暴雪，提前截单"))
    market.clock.set(CUT_OFF)
    assert await market.do(sale.close_due) == 0
    await assert_closed_once(market, cycle_id)
    lines = await market.do(lambda tx: history(tx, cycle_id))
    assert [(line.verb, line.reason) for line in lines] == [("open", ""), ("close", "暴雪，提前截单")]


@pytest.mark.rule("CYC-1")
async def test_a_closed_cycle_reopens_with_a_reason_and_closes_a_second_time(market: Market) -> None:
    cycle_id, [apples] = await market.open()
    market.clock.set(CUT_OFF)
    await market.do(sale.close_due)
    until = CUT_OFF + timedelta(minutes=30)
    with pytest.raises(ReasonMissing):
        await market.do(lambda tx: sale.reopen(tx, cycle_id=cycle_id, reason="", until=until))
    with pytest.raises(ReopenedTooLate):
        await market.do(lambda tx: sale.reopen(tx, cycle_id=cycle_id, reason="系统故障"))
    found = await market.do(lambda tx: sale.reopen(tx, cycle_id=cycle_id, reason="系统故障", until=until))
    assert (found.state, found.cut_off_at, found.demand_at) == ("open", until, until + timedelta(minutes=5))
    await market.take(1, {apples: 1})
    market.clock.set(until)
    assert [await market.do(sale.close_due) for _ in range(2)] == [1, 0]
    assert await verbs(market, cycle_id) == ["open", "close", "reopen", "close"]
    assert [each["closing"] for each in await facts(market, "sale.cycle_closed")] == [1, 2]
    with pytest.raises(stock.OfferClosed):
        await market.take(2, {apples: 1})


@pytest.mark.rule("CYC-1")
async def test_nobody_reopens_once_the_cycle_is_being_bought(market: Market) -> None:
    cycle_id, _ = await market.open()
    market.clock.set(CUT_OFF)
    await market.do(sale.close_due)
    assert await market.do(lambda tx: sale.advance(tx, cycle_id=cycle_id, verb="buy"))
    with pytest.raises(WrongState):
        await market.do(
            lambda tx: sale.reopen(tx, cycle_id=cycle_id, reason="还想卖", until=CUT_OFF + timedelta(hours=1))
        )
    assert (await market.cycle(cycle_id)).state == "buying"
    assert await facts(market, "sale.cycle_reopened") == []


@pytest.mark.rule("CYC-1")
async def test_a_cycle_goes_through_night_and_day_step_by_step_and_is_settled_once(market: Market) -> None:
    cycle_id, _ = await market.open()
    with pytest.raises(WrongState):
        await market.do(lambda tx: sale.advance(tx, cycle_id=cycle_id, verb="buy"))
    market.clock.set(CUT_OFF)
    await market.do(sale.close_due)
    with pytest.raises(WrongState):
        await market.do(lambda tx: sale.advance(tx, cycle_id=cycle_id, verb="sort"))
    for verb in ("buy", "receive", "sort", "deliver", "collect", "settle"):
        moved = [await market.do(lambda tx, v=verb: sale.advance(tx, cycle_id=cycle_id, verb=v)) for _ in range(2)]  # type: ignore[misc]
        assert moved == [True, False]
    assert (await market.cycle(cycle_id)).state == "settled"
    assert len(await facts(market, "sale.cycle_settled")) == 1

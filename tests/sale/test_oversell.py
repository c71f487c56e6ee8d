"""An offer is never oversold: many real connections fight over few pieces, with and without the guards."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from psycopg.errors import CheckViolation
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from linli import sale
from linli.kernel.refusals import Refusal
from linli.platform.clock import SteeredClock
from linli.platform.database import Database, Tx
from linli.platform.installation import Installation
from linli.sale.stock import commands as stock
from linli.sale.stock.commands import open_stock
from linli.sale.stock.model import Taker
from tests.sale.market import Market, scratch_database

BUYERS, CROWD = 50, 200
Outcome = Counter[str]


async def rush(market: Market, offers: list[int], *, attempts: int, seed: int, buyers: int) -> tuple[Outcome, int]:
    """Let buyers, each on a connection of its own, take and give back.

    Returns what happened, and the most connections that were in use at once.
    """
    outcome: Outcome = Counter()
    take: Callable[[int, dict[int, int]], Awaitable[object]] = market.take
    give: Callable[[int, dict[int, int]], Awaitable[object]] = market.give
    widest = 0
    started = asyncio.Barrier(buyers)

    async def buyer(member_id: int) -> None:
        nonlocal widest
        dice = random.Random(seed * 1_000 + member_id)
        own: Counter[int] = Counter()
        async with market.db.transaction(market.region_id, by="test") as tx:
            await tx.scalar(text("SELECT 1"))
            await started.wait()
            widest = max(widest, market.db.engine.pool.checkedout())  # type: ignore[attr-defined]
        for _ in range(attempts):
            giving = [each for each in own if own[each]]
            if giving and dice.random() < 0.45:
                offer_id = dice.choice(giving)
                basket = {offer_id: dice.randint(1, own[offer_id] + 1)}  # one too many now and then
                verb, sign, command = "given", -1, give
            else:
                basket = {each: dice.randint(1, 3) for each in dice.sample(offers, dice.randint(1, len(offers)))}
                verb, sign, command = "taken", 1, take
            try:
                await command(member_id, basket)
                own.update({each: sign * pieces for each, pieces in basket.items()})
                outcome[verb] += 1
            except Refusal as refused:
                outcome[refused.code] += 1

    await asyncio.gather(*(buyer(member_id) for member_id in range(1, buyers + 1)))
    return outcome, widest


async def watch(market: Market, offers: list[int], until: asyncio.Event) -> dict[int, int]:
    """Return the highest counter that was ever seen of each offer."""
    highest: dict[int, int] = dict.fromkeys(offers, 0)
    while not until.is_set():
        for offer_id in offers:
            highest[offer_id] = max(highest[offer_id], await market.sold(offer_id))
        await asyncio.sleep(0.02)
    return highest


async def fight(market: Market, *, attempts: int, seed: int, buyers: int = BUYERS) -> Outcome:
    """Rush two scarce offers and prove the counters; returns what happened."""
    terms = {"stock_limit": 60, "per_cycle_limit": 6}
    cycle_id, offers = await market.open(terms, terms)
    over = asyncio.Event()
    watching = asyncio.create_task(watch(market, offers, over))
    outcome, widest = await rush(market, offers, attempts=attempts, seed=seed, buyers=buyers)
    over.set()
    highest = await watching
    assert widest >= buyers
    assert sum(outcome.values()) == buyers * attempts
    assert outcome["taken"] > buyers
    assert outcome["given"] > buyers
    assert outcome["sold_out"] > buyers
    assert outcome["not_held"] > 0
    for offer_id in offers:
        assert 0 <= await market.sold(offer_id) <= 60
        assert highest[offer_id] <= 60
    assert await market.differences(cycle_id) == {}
    return outcome


@pytest.mark.rule("S1")
@pytest.mark.rule("CYC-5")
async def test_fifty_buyers_at_once_never_take_more_than_there_is(market: Market) -> None:
    await fight(market, attempts=60, seed=1)


@pytest.mark.long
@pytest.mark.rule("S1")
async def test_a_hundred_thousand_attempts_over_two_hundred_connections_never_take_more_than_there_is(
    scratch: Market,
) -> None:
    await fight(scratch, attempts=500, seed=2, buyers=CROWD)


@pytest.mark.rule("S1")
async def test_the_same_double_click_from_many_phones_takes_a_members_limit_once(market: Market) -> None:
    _, [apples] = await market.open({"stock_limit": 100, "per_cycle_limit": 2})
    found = await asyncio.gather(*(market.take(7, {apples: 2}) for _ in range(30)), return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in found) == 1
    assert all(isinstance(each, stock.LimitExceeded) for each in found if isinstance(each, BaseException))
    assert (await market.sold(apples), await market.held(7, apples)) == (2, 2)


@pytest.mark.rule("S1")
async def test_baskets_that_name_their_goods_in_opposite_order_never_wait_for_each_other(market: Market) -> None:
    _, offers = await market.open({}, {}, {})

    async def once(member_id: int) -> None:
        order = offers if member_id % 2 else offers[::-1]
        async with market.db.transaction(market.region_id, by="test") as tx:  # no second attempt after a deadlock
            await sale.hold(tx, member_id=member_id, wanted=dict.fromkeys(order, 1))

    for _ in range(4):
        await asyncio.gather(*(once(member_id) for member_id in range(1, 41)))
    assert [await market.sold(each) for each in offers] == [160, 160, 160]


# From here on the guards are taken away, in a scratch database of its own, to show that the tests above can fail.


@pytest.fixture
async def scratch(server_url: str, template: str, installation: Installation) -> AsyncIterator[Market]:
    """A market in a database clone that may be spoiled."""
    clock = SteeredClock(installation.clock.now())
    with scratch_database(server_url, template) as url:
        db = Database(url, clock, pool_size=CROWD + 2)
        market = Market(db, clock, 7)
        await market.do(add_region, 0)
        yield market
        await db.close()


async def add_region(tx: Tx) -> None:
    """Add the scratch market's region."""
    from linli.people import add_region

    await add_region(tx, region_id=7, name="白洋淀")


async def drop_checks(market: Market) -> None:
    """Take the database's own guard away."""
    engine = market.db.owner_engine()
    async with engine.begin() as connection:
        for check in ("never_oversold", "sold_not_negative"):
            await connection.execute(text(f"ALTER TABLE sale.offers DROP CONSTRAINT ck_offers_{check}"))
    await engine.dispose()


def careless(offer_id: int) -> Callable[[Tx], Awaitable[bool]]:
    """Return the mistake everybody makes once: look whether there is enough, then count."""

    async def take(tx: Tx) -> bool:
        here = {"r": tx.region_id, "o": offer_id}
        looked = text("SELECT stock_limit - sold FROM sale.offers WHERE region_id = :r AND id = :o")
        left = (await tx.execute(looked, here)).scalar_one()
        if left < 1:
            return False
        await asyncio.sleep(0)
        await tx.execute(text("UPDATE sale.offers SET sold = sold + 1 WHERE region_id = :r AND id = :o"), here)
        return True

    return take


async def careless_rush(market: Market, offer_id: int) -> list[bool | BaseException]:
    """Let fifty buyers make the mistake at once, three times each."""

    async def buyer() -> list[bool | BaseException]:
        found: list[bool | BaseException] = []
        for _ in range(3):
            try:
                found.append(await market.do(careless(offer_id)))
            except IntegrityError as refused:
                found.append(refused)
        return found

    return [each for found in await asyncio.gather(*(buyer() for _ in range(BUYERS))) for each in found]


@pytest.mark.rule("CYC-5")
async def test_guard_removed_a_careless_application_without_the_check_oversells(scratch: Market) -> None:
    _, [apples] = await scratch.open({"stock_limit": 10})
    await drop_checks(scratch)
    found = await careless_rush(scratch, apples)
    assert await scratch.sold(apples) > 10
    assert found.count(True) == await scratch.sold(apples)


@pytest.mark.rule("CYC-5")
async def test_guard_half_removed_the_check_alone_stops_a_careless_application(scratch: Market) -> None:
    _, [apples] = await scratch.open({"stock_limit": 10})
    found = await careless_rush(scratch, apples)
    assert await scratch.sold(apples) == found.count(True) == 10
    assert any(isinstance(each, IntegrityError) for each in found)


async def desk_rush(market: Market, offer_id: int, *, lock: bool) -> int:
    """Let fifty buyers take a piece at once through the desk, with or without its lock; returns how many got one."""

    async def take(tx: Tx) -> None:
        desk = await open_stock(tx, wanted=[(1, {offer_id: 1})], lock=lock)
        await asyncio.sleep(0.01)
        desk.check(Taker(1), {offer_id: 1})
        desk.take(Taker(1), {offer_id: 1})
        await desk.write(tx)

    found = await asyncio.gather(*(market.do(take) for _ in range(BUYERS)), return_exceptions=True)
    assert all(each is None or isinstance(each, stock.SoldOut | CheckViolation) for each in found)
    return found.count(None)


@pytest.mark.rule("CYC-5")
async def test_guard_half_removed_the_lock_alone_stops_the_rush(scratch: Market) -> None:
    _, [apples] = await scratch.open({"stock_limit": 10})
    await drop_checks(scratch)
    assert await desk_rush(scratch, apples, lock=True) == await scratch.sold(apples) == 10


@pytest.mark.rule("CYC-5")
async def test_guard_removed_a_desk_without_lock_and_check_oversells(scratch: Market) -> None:
    _, [apples, pears] = await scratch.open({"stock_limit": 10}, {"stock_limit": 10})
    assert await desk_rush(scratch, apples, lock=False) == 10  # the CHECK is the last word
    await drop_checks(scratch)
    assert await desk_rush(scratch, pears, lock=False) > 10

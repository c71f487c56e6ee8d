"""Whatever is killed with -9, whenever: the night is whole and single, and what was acknowledged exists once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from linli.kernel.refusals import Refusal
from linli.platform import outbox
from tests.conftest import MORNING
from tests.stories.kills.crowd import Crowd
from tests.stories.kills.house import Ground, House
from tests.stories.kills.night import OPEN, POINTS, Point, begin_night, finish_night, stand_at, whole_and_single
from tests.stories.kills.outage import all_given_back, order_online, pay, pay_link, provider_of
from tests.stories.kills.programs import DATABASE_AWAY, TICK_EVERY
from tests.supply.depot import CUT_OFF, DEMAND_AT

pytestmark = [pytest.mark.kills, pytest.mark.xdist_group("kills")]
SHOPPING = MORNING + timedelta(minutes=10)
LATER = timedelta(minutes=11)  # a wish is taken up again when its worker was not heard of for ten minutes


@pytest.fixture(scope="module")
async def ground(home: Path) -> Ground:
    """An installation with a cycle that is being ordered."""
    return await Ground.built(home / "kills")


@pytest.fixture
async def house(ground: Ground, tmp_path_factory: pytest.TempPathFactory, home: Path) -> AsyncIterator[House]:
    """A house that is killed in this test."""
    async with House.on(ground, home / f"house-{tmp_path_factory.mktemp('kills').name}") as opened:
        yield opened


@pytest.mark.rule("S2")
@pytest.mark.rule("S4")
@pytest.mark.rule("BUY-2")
@pytest.mark.parametrize("point", POINTS, ids=[point.name for point in POINTS])
async def test_a_worker_killed_at_any_point_of_the_night_leaves_a_night_another_completes(
    house: House, point: Point
) -> None:
    worker = house.worker()
    await begin_night(house)
    async with stand_at(house, point, DEMAND_AT):
        house.kill(worker)
    assert await house.value("SELECT count(*) FROM supply.steps WHERE state = 'done'") == point.steps_done
    house.at(DEMAND_AT + LATER)
    house.worker()
    await finish_night(house)
    await whole_and_single(house)


@pytest.mark.rule("S2")
async def test_a_wish_whose_job_is_as_quick_as_its_queueing_is_carried_out_at_once(house: House) -> None:
    house.worker()
    await begin_night(house)
    async with house.gate("SELECT id FROM platform.outbox WHERE name = 'supply.run_night' FOR UPDATE") as gate:
        house.at(DEMAND_AT)
        await gate.somebody_waits(2)  # one marks it queued, the other carries it out
    await finish_night(house)
    night = await house.value("SELECT id FROM platform.outbox WHERE name = 'supply.run_night'")
    async with house.depot() as depot:  # a runner that was held up after queueing it marks it only now
        await depot.do(lambda tx: outbox.mark_queued(tx, {night: 0}))
    assert await house.value(OPEN) == 0
    await whole_and_single(house)


@pytest.mark.rule("S2")
@pytest.mark.rule("S4")
async def test_a_database_that_is_away_for_longer_is_waited_for_by_a_worker(house: House) -> None:
    worker = house.worker()
    await begin_night(house)
    async with stand_at(house, POINTS[2], DEMAND_AT):
        house.kill_database()
    await asyncio.sleep(3 * DATABASE_AWAY)
    await house.restart_database()
    house.at(DEMAND_AT + LATER)
    await finish_night(house)
    assert worker.is_alive()
    await whole_and_single(house)


@pytest.mark.rule("S2")
@pytest.mark.rule("S4")
async def test_the_database_killed_at_every_point_of_one_night_is_survived_by_one_and_the_same_worker(
    house: House,
) -> None:
    worker = house.worker()
    await begin_night(house)
    at = DEMAND_AT
    for point in POINTS:
        async with stand_at(house, point, at):
            house.kill_database()
        await house.restart_database()
        assert await house.value("SELECT count(*) FROM supply.steps WHERE state = 'done'") == point.steps_done
        at += LATER
    house.at(at)
    await finish_night(house)
    assert worker.is_alive()
    await whole_and_single(house)


@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
async def test_orders_and_payments_outlive_a_database_that_is_killed_while_eight_neighbours_shop(house: House) -> None:
    house.at(SHOPPING)
    house.worker()
    await house.web()
    crowd = Crowd(house)
    async with asyncio.TaskGroup() as shopping:
        shopping.create_task(crowd.order(6))
        for kill_at in (9, 27):
            await crowd.got(kill_at)
            house.kill_database()
            await house.restart_database()
    assert crowd.unclear
    house.at(SHOPPING + LATER)
    await house.comes(OPEN, 0)
    await crowd.exists_once(orders=48)


@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
async def test_a_server_killed_between_the_commit_and_the_answer_says_the_same_when_asked_again(house: House) -> None:
    house.at(SHOPPING)
    held = house.home / "held"
    held.touch()
    server = await house.web()
    crowd = Crowd(house)
    async with asyncio.TaskGroup() as shopping:
        shopping.create_task(crowd.order(1))
        await house.comes("SELECT count(*) FROM platform.answers WHERE key LIKE 'order-%' AND status = 200", 8)
        assert crowd.orders == []
        house.kill(server)
        held.unlink()
        await house.web()
    assert crowd.repeated == 8
    await crowd.exists_once(orders=8)


@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
async def test_a_server_killed_again_and_again_while_eight_neighbours_shop_loses_and_doubles_nothing(
    house: House,
) -> None:
    house.at(SHOPPING)
    server = await house.web()
    crowd = Crowd(house)
    async with asyncio.TaskGroup() as shopping:
        shopping.create_task(crowd.order(5))
        for kill_at in (7, 17, 27):
            await crowd.got(kill_at)
            house.kill(server)
            server = await house.web()
    assert crowd.unclear
    await crowd.exists_once(orders=40)


@pytest.mark.rule("S4")
@pytest.mark.rule("CYC-2")
async def test_two_workers_race_through_the_whole_night_and_everything_is_single(house: House) -> None:
    house.at(MORNING)
    workers = [house.worker(), house.worker()]
    async with house.gate("SELECT id FROM sale.cycles FOR UPDATE") as cut_off:
        house.at(CUT_OFF)
        await cut_off.somebody_waits(2)
    await house.comes("SELECT count(*) FROM supply.steps", 6)
    await house.comes(OPEN, 1)
    async with stand_at(house, POINTS[0], DEMAND_AT) as gate:
        house.at(DEMAND_AT + LATER)  # the first seems lost, so the other takes the same night up
        await gate.somebody_waits(2)
    await finish_night(house)
    assert all(worker.is_alive() for worker in workers)
    await whole_and_single(house)


@pytest.mark.rule("S4")
@pytest.mark.rule("CYC-2")
async def test_a_clock_that_steps_back_an_hour_in_the_night_changes_nothing(house: House) -> None:
    house.worker()
    await begin_night(house)
    house.at(CUT_OFF - timedelta(hours=1))
    await asyncio.sleep(5 * TICK_EVERY)
    async with stand_at(house, POINTS[2], DEMAND_AT):
        house.at(DEMAND_AT - timedelta(hours=1))
    await house.comes("SELECT count(*) FROM supply.steps WHERE state = 'done'", 3)
    async with house.depot() as depot:
        depot.ordered_at = house.clock.now()
        with pytest.raises(Refusal) as refused:
            await depot.order("来晚了", ("鸡蛋", 1))
        assert refused.value.code == "cycle_not_open"
    house.at(DEMAND_AT + LATER)
    await finish_night(house)
    await whole_and_single(house)


@pytest.mark.rule("S4")
@pytest.mark.rule("CYC-2")
@pytest.mark.rule("CYC-3")
@pytest.mark.rule("PAY-4")
async def test_two_days_of_darkness_over_a_cut_off_close_it_once_and_give_late_payments_back(house: House) -> None:
    house.at(CUT_OFF - timedelta(minutes=2))
    async with provider_of(house) as provider:
        worker = house.worker()
        orders = [await order_online(house, member) for member in house.ground.members[:3]]
        links = [await pay_link(house, order_id) for order_id in orders]
        house.kill(worker)
        house.kill_database()
        house.at(CUT_OFF + timedelta(minutes=4))
        await pay(links[0])
        await pay(links[1])
        house.at(CUT_OFF + timedelta(hours=48))
        await house.restart_database()
        house.worker()
        await finish_night(house)
        await all_given_back(house, provider, paid=orders[:2], unpaid=orders[2:])
        await whole_and_single(house)

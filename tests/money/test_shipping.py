"""Money that was paid in the mini program stays frozen until the provider hears that the goods were handed over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from linli import money
from linli.kernel.ids import make_id
from linli.platform import outbox
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation

from .channels.counter import DAY, Counter, counter_of

pytestmark = pytest.mark.rule("PAY-9")
STATION = 22


@pytest.fixture
async def counter(
    installation: Installation, region_id: int, clock: SteeredClock, client: httpx2.AsyncClient
) -> AsyncIterator[Counter]:
    async with counter_of("wechat", installation, region_id, clock, client) as opened:
        yield opened


async def handed_over(counter: Counter) -> int:
    return await counter.do(money.goods_handed_over, cycle_id=11, station_id=STATION)


async def frozen(counter: Counter) -> dict[str, Any]:
    answer = await counter.client.get("/console/frozen-money", headers=counter.sign_in("ledger.read"))
    return {name: value for name, value in answer.json().items() if name.endswith("_fen")}


def sums(before: int = 0, untold: int = 0, told: int = 0) -> dict[str, int]:
    return {"before_hand_over_fen": before, "untold_fen": untold, "told_fen": told}


async def test_the_provider_hears_of_a_hand_over_once_and_the_money_is_set_free(counter: Counter) -> None:
    await counter.paid_charge(2990)
    await counter.paid_charge(1000)
    unpaid = await counter.charge(500)
    assert await frozen(counter) == sums(before=3990)
    assert sorted(await asyncio.gather(*(handed_over(counter) for _ in range(3)))) == [0, 0, 2]
    assert await frozen(counter) == sums(untold=3990)
    counter.wait(timedelta(minutes=1))
    await counter.work()
    assert await frozen(counter) == sums(told=3990)
    assert [each["logistics_type"] for each in counter.desk.provider.shipped.values()] == [4, 4]
    assert await handed_over(counter) == 0
    assert (await counter.look(unpaid.id)).state == money.ChargeState.PAYABLE


async def test_word_that_was_lost_on_its_way_is_given_again(counter: Counter) -> None:
    await counter.paid_charge(2990)
    counter.desk.weather.lose_answers = 3
    await handed_over(counter)
    for _ in range(5):
        await counter.work()
        counter.wait(timedelta(minutes=1))
    assert counter.desk.weather.lost == 3
    assert await frozen(counter) == sums(told=2990)
    assert len(counter.desk.provider.shipped) == 1


async def test_what_was_given_back_whole_is_neither_frozen_nor_told(counter: Counter) -> None:
    charge = await counter.paid_charge(2990)
    await counter.refund(charge, 2990, 1)
    assert await handed_over(counter) == 1
    await counter.work()
    assert counter.desk.provider.shipped == {}
    assert await frozen(counter) == sums()


async def test_word_that_never_arrives_waits_for_a_person(counter: Counter) -> None:
    await counter.paid_charge(2990)
    counter.desk.provider.token = "nobody's"
    counter.desk.channel._mini._secret = "wrong"
    await handed_over(counter)
    for _ in range(60):
        await counter.work()
        counter.wait(timedelta(hours=1))
    assert await frozen(counter) == sums(untold=2990)
    [parked] = await counter.do(outbox.parked)
    assert parked.name == "money.tell_shipping"
    assert "wrong" not in parked.error


async def test_another_station_s_hand_over_frees_nothing_of_ours(counter: Counter) -> None:
    await counter.paid_charge(2990)
    other = make_id(counter.region_id, DAY, 77)
    assert await counter.do(money.goods_handed_over, cycle_id=11, station_id=23) == 0
    assert await counter.do(money.goods_handed_over, cycle_id=other, station_id=STATION) == 0
    assert await frozen(counter) == sums(before=2990)

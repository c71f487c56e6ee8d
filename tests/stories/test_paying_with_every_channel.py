"""A member orders, pays with WeChat Pay or Alipay, and the order is paid; or cancels, and the money comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from linli import money
from linli.fulfilment import StationDelivered
from linli.money.channels.interface import ChargeOpened
from linli.platform.clock import SteeredClock
from linli.platform.database import Tx
from tests.fakes.desks import KINDS, Desk, desk_of
from tests.people_cast import done
from tests.stories.conftest import Place


async def ordered_and_offered(place: Place, desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """A fresh order of the member and its charge, opened at the channel; the town's own jobs run too."""
    place.installation.channels[desk.name] = desk.channel
    town, lady = place.town, place.town.who["member"]
    price = town.depot.goods["苹果"].price_fen
    order = done(await lady.post("/app/orders", town.basket(town.ids["open_cycle"], town.ids["offer"], price)))
    wish = {"order_ids": [order["id"]], "channel": desk.name}
    if desk.scene:
        wish |= {"scene": desk.scene, "payer": desk.payer}
    charge = done(await lady.post("/app/charges", wish))
    await work(place)
    return order, done(await lady.get(f"/app/charges/{charge['id']}"))


async def work(place: Place) -> None:
    await place.installation.runner.drain(regions=[place.town.region_id])


async def number_of(place: Place, charge: dict[str, Any]) -> str:
    async def read(tx: Tx) -> str:
        return str((await money.the_charge(tx, charge_id=int(charge["id"]))).attempt_id)

    return await place.installation.db.run(read, place.town.region_id, by="test")


async def pay(place: Place, desk: Desk, charge: dict[str, Any]) -> None:
    number, url = await number_of(place, charge), charge["pay_url"] or ""
    token = url.rpartition("/")[2] if desk.name == "sandbox" else ""
    assert await desk.pay(ChargeOpened(number, token, url, charge["pay_params"] or {}))


async def deliver(place: Place, desk: Desk) -> None:
    for headers, body in await desk.messages():
        answer = await place.client.post(f"/hooks/payments/{desk.name}", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
    await work(place)


@pytest.mark.rule("PAY-1")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_member_pays_an_order_and_it_is_paid(place: Place, kind: str) -> None:
    lady = place.town.who["member"]
    async with desk_of(kind, place.installation.clock.now) as desk:
        order, charge = await ordered_and_offered(place, desk)
        assert charge["state"] == "payable"
        if desk.name == "wechat":
            assert set(charge["pay_params"]) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
        await pay(place, desk, charge)
        await deliver(place, desk)
        seen = done(await lady.get(f"/app/orders/{order['id']}"))
        assert (seen["state"], seen["paid_fen"]) == ("paid", charge["amount_fen"])


@pytest.mark.rule("PAY-4")
@pytest.mark.parametrize("kind", KINDS)
async def test_money_for_a_cancelled_order_goes_back_by_itself(place: Place, kind: str) -> None:
    lady, clock = place.town.who["member"], place.installation.clock
    assert isinstance(clock, SteeredClock)
    async with desk_of(kind, clock.now) as desk:
        order, charge = await ordered_and_offered(place, desk)
        await pay(place, desk, charge)
        done(await lady.post(f"/app/orders/{order['id']}/cancellation", {"reason": "不要了"}))
        await deliver(place, desk)
        await work(place)
        clock.set(clock.now() + timedelta(seconds=10))
        await deliver(place, desk)
        assert done(await lady.get(f"/app/orders/{order['id']}"))["state"] == "cancelled"
        back = done(await lady.get(f"/app/charges/{charge['id']}"))
        assert (back["paid_fen"], back["refunded_fen"]) == (charge["amount_fen"], charge["amount_fen"])

        async def states(tx: Tx) -> list[str]:
            return [str(each.state) for each in await money.refunds_of_order(tx, int(order["id"]))]

        assert await place.installation.db.run(states, place.town.region_id, by="test") == ["done"]


@pytest.mark.rule("PAY-9")
async def test_when_the_leader_signs_the_shop_s_money_is_set_free(place: Place) -> None:
    town = place.town
    async with desk_of("wechat", place.installation.clock.now) as desk:
        _, charge = await ordered_and_offered(place, desk)
        await pay(place, desk, charge)
        await deliver(place, desk)
        frozen = done(await town.who["finance"].get("/console/frozen-money"))

        async def signed(tx: Tx) -> None:
            where = "region_id = :r AND id = :c"
            found = (
                await tx.execute(
                    text(f"SELECT cycle_id, station_id FROM money.charges WHERE {where}"),
                    {"r": tx.region_id, "c": int(charge["id"])},
                )
            ).one()
            await tx.announce(StationDelivered(1, found.cycle_id, found.station_id, 1, 0, None))

        await place.installation.db.run(signed, town.region_id, by="test")
        await work(place)
        freed = done(await town.who["finance"].get("/console/frozen-money"))
        assert freed["told_fen"] - frozen["told_fen"] >= charge["amount_fen"]
        assert desk.provider.shipped

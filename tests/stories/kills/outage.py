"""The payment provider goes on while the house is dark: it is a process of somebody else, here the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx2
import uvicorn

from linli import ordering
from linli.money import SandboxKeys, SandboxProvider, build_sandbox, over_http
from linli.money.charge.queries import charges_of_order
from linli.ordering.paying.commands import pay_orders
from linli.platform.database import Tx
from tests.people_cast import Person
from tests.stories.kills.house import House, until
from tests.supply.depot import Depot


@asynccontextmanager
async def provider_of(house: House) -> AsyncIterator[SandboxProvider]:
    """Serve the sandbox provider where the house looks for it; its notices find nobody, so the house must ask."""
    keys = SandboxKeys.kept_in(house.home / "sandbox")
    async with httpx2.AsyncClient() as http:
        state = house.home / "provider.sqlite"
        provider = build_sandbox(keys, clock=house.clock.now, deliver=over_http(http), state_path=state)
        listen = uvicorn.Config(provider, port=house.port, log_level="critical", access_log=False, lifespan="off")
        server = uvicorn.Server(listen)
        serving = asyncio.create_task(server.serve())
        yield provider
        server.should_exit = True
        await serving
        provider.close()


async def order_online(house: House, member: Person) -> int:
    """Let a member order an apple and ask where to pay; returns the order."""
    async with house.depot() as depot:
        lines = ((depot.goods["苹果"].offer_id, 1),)

        async def ordered(tx: Tx) -> int:
            at = depot.leaders[0].station_id
            placed = await ordering.place(
                tx, placement=ordering.Placement(member.id, depot.cycle_id, lines, tx.by, station_id=at)
            )
            await pay_orders(tx, order_ids=[placed.id], member_id=member.id, channel="sandbox")
            return placed.id

        return await depot.do(ordered)


async def pay_link(house: House, order_id: int) -> str:
    """Wait until the worker has opened the charge of an order; returns where the member pays."""
    link = f"SELECT c.pay_url FROM money.charges c JOIN ordering.orders o ON o.charge_id = c.id WHERE o.id = {order_id}"

    async def opened() -> bool:
        return bool(await house.value(link))

    await until(opened, "somewhere to pay")
    return str(await house.value(link))


async def pay(link: str) -> None:
    """Let the member pay."""
    async with httpx2.AsyncClient() as phone:
        assert (await phone.post(link)).status_code == 200


async def all_given_back(
    house: House, provider: SandboxProvider, *, paid: Sequence[int], unpaid: Sequence[int]
) -> None:
    """Prove that late payments go back in full and once, that the orders are cancelled and their members told."""
    refunds = "SELECT count(*) FROM money.refunds WHERE state = "
    await house.comes(f"{refunds}'accepted'", len(paid))
    house.at(house.clock.now() + timedelta(hours=2))
    await house.comes(f"{refunds}'done'", len(paid))
    async with house.depot() as depot:
        for order_id in (*paid, *unpaid):
            await _cancelled(depot, order_id, given_back=order_id in paid)
        received, returned = provider.books()
        price = depot.goods["苹果"].price_fen
        assert sorted(received.values()) == sorted(returned.values()) == [price] * len(paid)
        assert await depot.count("people.notices", "event = 'order.paid_late'") == len(paid)


async def _cancelled(depot: Depot, order_id: int, *, given_back: bool) -> None:
    assert (await depot.value(order_id)).state == "cancelled"
    charges = await depot.do(lambda tx: charges_of_order(tx, order_id))
    price = depot.goods["苹果"].price_fen if given_back else 0
    assert [(charge.paid_fen, charge.refunded_fen) for charge in charges] == [(price, price)]

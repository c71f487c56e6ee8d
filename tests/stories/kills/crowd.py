"""Eight neighbours who order and pay at once through a real server, and ask again until they are answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from linli import money, ordering, sale
from linli.ordering.order.queries import paid_lines
from tests.people_cast import Person, done
from tests.stories.kills.house import House, until
from tests.supply.depot import Depot

BASKET = ("鸡蛋", "牛奶")


@dataclass(frozen=True)
class Told:
    """A write that was acknowledged: by whom, under which key, what was sent and what was answered."""

    who: Person
    path: str
    body: dict[str, Any]
    key: str
    answer: Any


@dataclass
class Crowd:
    """What eight neighbours and their leader did, and how often they got no clear answer."""

    house: House
    orders: list[Told] = field(default_factory=list)
    payments: list[Told] = field(default_factory=list)
    unclear: Counter[str] = field(default_factory=Counter)
    repeated: int = 0

    async def order(self, each: int, *, pay: bool = True) -> None:
        """Let every neighbour place so many orders, and the leader confirm the cash for each of them."""
        ground = self.house.ground
        async with AsyncExitStack() as clients:
            people = []
            for person in (*ground.members, ground.depot.leaders[0]):
                client = await clients.enter_async_context(httpx2.AsyncClient(base_url=self.house.address, timeout=10))
                people.append(replace(person, client=client))
            *members, leader = people
            await asyncio.gather(*(self._shop(member, leader, each, pay) for member in members))

    async def _shop(self, member: Person, leader: Person, each: int, pay: bool) -> None:
        goods = self.house.ground.depot.goods
        price = sum(goods[name].price_fen for name in BASKET)
        lines = [{"offer_id": str(goods[name].offer_id), "quantity": 1} for name in BASKET]
        cycle_id = str(self.house.ground.depot.cycle_id)
        body = {"cycle_id": cycle_id, "lines": lines, "expect_payable_fen": price, "payment": "offline"}
        for number in range(each):
            placed = await self._told(member, "/app/orders", body, f"order-{member.id}-{number}")
            self.orders.append(placed)
            if pay:
                path = f"/leader/orders/{placed.answer['id']}/payment"
                paid = {"amount_fen": price, "way": "cash"}
                self.payments.append(await self._told(leader, path, paid, f"pay-{placed.answer['id']}"))

    async def _told(self, who: Person, path: str, body: dict[str, Any], key: str) -> Told:
        answer = await self.ask(lambda: who.post(path, body, key=key))
        self.repeated += answer.headers.get("idempotent-replay") == "true"
        return Told(who, path, body, key, done(answer))

    async def ask(self, send: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """Send the same request until somebody answers; a server that cannot says so with 503 and never with a bug."""
        while True:
            try:
                answer = await send()
            except httpx2.TransportError as lost:
                self.unclear[type(lost).__name__] += 1
            else:
                if answer.status_code != 503:
                    return answer
                self.unclear["503"] += 1
            await asyncio.sleep(0.1)

    async def got(self, number: int) -> None:
        """Wait until so many orders were acknowledged."""

        async def so_many() -> bool:
            return len(self.orders) >= number

        await until(so_many, f"{number} orders")

    async def exists_once(self, *, orders: int) -> None:
        """Prove that every acknowledged order and payment is there once, and that goods and money add up."""
        async with self.house.depot() as depot:
            await self._once(depot, orders)
            await self._same_answers(depot)
            await self._once(depot, orders)
            await depot.do(money.post_batches)
            books = await depot.do(money.check)
            assert (books.balanced, books.subledger_agrees, books.differences) == (True, True, ())

    async def _once(self, depot: Depot, orders: int) -> None:
        acknowledged = [int(told.answer["id"]) for told in self.orders]
        assert len(set(acknowledged)) == len(acknowledged) == orders
        shoppers = ", ".join(str(member.id) for member in self.house.ground.members)
        assert await depot.count("ordering.orders", f"member_id IN ({shoppers})") == orders
        state = "paid" if self.payments else "placed"
        values = [await depot.value(order_id) for order_id in acknowledged]
        assert {value.state for value in values} == {state}
        assert all(len(value.lines) == len(BASKET) for value in values)
        if self.payments:
            assert len(self.payments) == orders
            await self._serials(depot, orders)
        assert await depot.do(lambda tx: ordering.counter_differences(tx, depot.cycle_id)) == {}
        held = await depot.do(lambda tx: sale.offers(tx, depot.cycle_id))
        before = {"鸡蛋": 5, "牛奶": 8}
        assert {name: held[depot.goods[name].offer_id].sold for name in BASKET} == {
            name: count + orders for name, count in before.items()
        }

    async def _serials(self, depot: Depot, orders: int) -> None:
        """Every order at the station has its number and none is missing: three of them were there before."""
        here = f"FROM ordering.orders WHERE station_id = {depot.leaders[0].station_id}"
        numbers = await self.house.value(f"SELECT array_agg(serial ORDER BY serial) {here}")
        assert numbers == list(range(1, orders + 3 + 1))
        paid = await depot.do(lambda tx: paid_lines(tx, depot.cycle_id))
        price = sum(depot.goods[name].price_fen for name in BASKET)
        shoppers = {int(told.answer["id"]) for told in self.orders}
        assert sum(line.paid_fen for line in paid if line.order_id in shoppers) == orders * price

    async def _same_answers(self, depot: Depot) -> None:
        """Whoever asks again under the same key hears what was said before."""
        for told in (*self.orders, *self.payments):
            who = replace(told.who, client=depot.cast.client)
            again = await self.ask(lambda told=told, who=who: who.post(told.path, told.body, key=told.key))  # type: ignore[misc]
            assert again.headers["idempotent-replay"] == "true"
            assert done(again) == told.answer

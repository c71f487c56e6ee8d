"""A small village for the tests of ordering: a leader, two members, an open cycle, and what a test asks about them."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import httpx2
from sqlalchemy import text

from linli import catalog, money, ordering, sale
from linli.money.refund.model import RefundValue
from linli.platform.clock import SteeredClock
from linli.platform.database import Tx
from linli.platform.installation import Installation
from tests.people_cast import Cast, Person, done

T = TypeVar("T")
TUESDAY = date(2026, 11, 24)
CUT_OFF = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
GRACE = CUT_OFF + timedelta(minutes=5)
GOODS = (("红富士苹果", "5斤", "箱", 3_900), ("鲜牛奶", "1升", "瓶", 1_250), ("土鸡蛋", "30枚", "盒", 2_680))
_numbers = itertools.count(1)


@dataclass
class Village:
    """One region with its people and an open cycle; every call is a transaction of its own."""

    cast: Cast
    leader: Person
    lady: Person
    uncle: Person
    cycle_id: int = 0
    offers: list[int] = field(default_factory=list)

    @classmethod
    async def found(cls, cast: Cast) -> Village:
        """Found it and open the cycle of Tuesday."""
        leader = await cast.leader("王姐")
        lady, uncle = await cast.members(["李阿姨", "赵叔"], leader)
        village = cls(cast, leader, lady, uncle)
        village.cycle_id, village.offers = await village.open_cycle(TUESDAY)
        return village

    @property
    def installation(self) -> Installation:
        """The installation it lives on."""
        return self.cast.installation

    @property
    def clock(self) -> SteeredClock:
        """The clock that a test moves."""
        assert isinstance(self.installation.clock, SteeredClock)
        return self.installation.clock

    @property
    def apples(self) -> int:
        """The offer of apples, 39.00 a box, 20 boxes in all."""
        return self.offers[0]

    @property
    def milk(self) -> int:
        """The offer of milk, 12.50 a bottle, five for a member and cycle."""
        return self.offers[1]

    async def do(self, work: Callable[[Tx], Awaitable[T]], region_id: int | None = None) -> T:
        """Run a command in the village's region."""
        where = self.cast.region_id if region_id is None else region_id
        return await self.installation.db.run(work, where, by="test")

    async def drain(self) -> None:
        """Let reactions and jobs run until it is quiet."""
        await self.installation.runner.drain(regions=[self.cast.region_id])

    async def open_cycle(self, day: date, *, at_once: bool = False) -> tuple[int, list[int]]:
        """Publish a cycle with the three goods and let the clock open it, or open it by hand at once."""
        cycle_id = await self.do(lambda tx: sale.publish(tx, delivery_date=day))
        limits: tuple[dict[str, Any], ...] = ({"stock_limit": 20}, {"per_cycle_limit": 5}, {})
        offers = [await self._offer(cycle_id, *goods, terms) for goods, terms in zip(GOODS, limits, strict=True)]
        if at_once:
            await self.do(lambda tx: sale.open_now(tx, cycle_id=cycle_id))
            return cycle_id, offers
        self.clock.set(max((await self.do(lambda tx: sale.cycle(tx, cycle_id))).opens_at, self.clock.now()))
        await self.do(sale.open_due)
        return cycle_id, offers

    async def _offer(
        self, cycle_id: int, name: str, spec: str, unit: str, price_fen: int, terms: dict[str, Any]
    ) -> int:
        number = f"{self.cast.region_id}-{next(_numbers)}"

        async def listed(tx: Tx) -> int:
            of = await catalog.add_category(tx, name=f"类{number}", storage_class="chilled", commission_bp=1_000)
            size = catalog.NewSkuValue(spec=spec, unit=unit, gross_g=2_700, net_g=2_500)
            made = await catalog.add_product(tx, category_id=of.id, name=name, skus=[size])
            by = await catalog.add_supplier(tx, name=f"供应商{number}")
            await catalog.add_supply(tx, supplier_id=by.id, sku_id=made.skus[0].id, price_fen=price_fen // 2)
            return made.skus[0].id

        sku_id = await self.do(listed, 0)
        return await self.do(
            lambda tx: sale.list_offer(tx, cycle_id=cycle_id, sku_id=sku_id, price_fen=price_fen, **terms)
        )

    def basket(self, *lines: tuple[int, int], expect: int | None = None, **more: Any) -> dict[str, Any]:
        """Return the body of an order; the expected amount is the offers' prices unless another is given."""
        prices = dict(zip(self.offers, (goods[3] for goods in GOODS), strict=True))
        payable = sum(prices.get(offer, 0) * quantity for offer, quantity in lines) if expect is None else expect
        wanted = [{"offer_id": str(offer), "quantity": quantity} for offer, quantity in lines]
        return {"cycle_id": str(self.cycle_id), "lines": wanted, "expect_payable_fen": payable, **more}

    async def order(self, who: Person, *lines: tuple[int, int], **more: Any) -> dict[str, Any]:
        """Place an order as a member."""
        return done(await who.post("/app/orders", self.basket(*lines, **more)))  # type: ignore[no-any-return]

    async def seen(self, who: Person, order_id: str | int) -> dict[str, Any]:
        """Return an order as its member sees it."""
        return done(await who.get(f"/app/orders/{order_id}"))  # type: ignore[no-any-return]

    async def charge(self, who: Person, *order_ids: str, channel: str = "offline") -> dict[str, Any]:
        """Open a charge over orders of a member."""
        body = {"order_ids": list(order_ids), "channel": channel}
        return done(await who.post("/app/charges", body))  # type: ignore[no-any-return]

    async def money_comes(self, charge_id: str | int, at: datetime | None = None) -> None:
        """Let the money of a charge arrive (by the channel's answer), and the news of it be told."""
        await self.answer(charge_id, at)
        await self.drain()

    async def answer(self, charge_id: str | int, at: datetime | None = None) -> None:
        """Write the channel's answer that a charge was paid, without telling anybody yet."""

        async def paid(tx: Tx) -> None:
            charge = await money.the_charge(tx, charge_id=int(charge_id))
            said = money.Answer(
                money.Word.PAID, charge.channel, str(charge.attempt_id), charge.amount_fen, f"P{charge_id}",
                at or tx.now, "notice",
            )  # fmt: skip
            await money.record_answer(tx, answer=said)

        await self.do(paid)

    async def paid_order(self, who: Person, *lines: tuple[int, int]) -> dict[str, Any]:
        """Place an order and pay it."""
        placed = await self.order(who, *lines)
        await self.money_comes((await self.charge(who, placed["id"]))["id"])
        return await self.seen(who, placed["id"])

    async def sold(self, offer_id: int) -> int:
        """Return an offer's counter."""
        return (await self.do(lambda tx: sale.offer(tx, offer_id))).sold

    async def refunds(self, order_id: str | int) -> list[RefundValue]:
        """Return the refunds of an order."""
        return list(await self.do(lambda tx: money.refunds_of_order(tx, int(order_id))))

    async def count(self, table: str) -> int:
        """Return how many rows of the region a table of the room has."""
        statement = text(f"SELECT count(*) FROM ordering.{table} WHERE region_id = :region_id")

        async def counted(tx: Tx) -> int:
            return int((await tx.execute(statement, {"region_id": tx.region_id})).scalar_one())

        return await self.do(counted)

    async def written(self) -> tuple[int, ...]:
        """Return what the room has written in the region, and the stock taken: equal before and after a refusal."""
        rows = [await self.count(name) for name in ("orders", "lines", "serials", "chain_entries", "line_refunds")]
        return (*rows, *[await self.sold(offer) for offer in self.offers])

    async def in_balance(self) -> None:
        """Prove that counters equal holdings, and the books agree."""
        assert await self.do(lambda tx: ordering.counter_differences(tx, self.cycle_id)) == {}
        await self.do(money.post_batches)
        found = await self.do(money.check)
        assert found.differences == ()
        assert found.balanced

    async def value(self, order_id: str | int) -> ordering.OrderValue:
        """Return an order as other rooms see it."""
        return await self.do(lambda tx: ordering.order(tx, int(order_id)))


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem of a refused request, proven to be this one."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()  # type: ignore[no-any-return]

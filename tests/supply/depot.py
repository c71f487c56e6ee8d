"""A depot for the tests of supply: two stations, neighbours, suppliers with packs, and a cycle to be bought."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import text

from linli import catalog, money, ordering, people, sale, supply, warehouse
from linli.ordering.paying.commands import confirm_payment
from linli.ordering.paying.model import Way
from linli.platform.clock import SteeredClock
from linli.platform.database import Tx
from linli.platform.installation import Installation
from tests.people_cast import Cast, Person

T = TypeVar("T")
TUESDAY = date(2026, 11, 24)
CUT_OFF = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
DEMAND_AT = CUT_OFF + timedelta(minutes=5)
ARRIVAL = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Goods:
    """One offer of the depot, as a test names it."""

    offer_id: int
    sku_id: int
    supplier_id: int
    barcode: str
    cost_fen: int
    price_fen: int


@dataclass
class Depot:
    """One region with its people, an open cycle and what it sells; every call is a transaction of its own."""

    cast: Cast
    leaders: list[Person] = field(default_factory=list)
    cycle_id: int = 0
    goods: dict[str, Goods] = field(default_factory=dict)
    ordered_at: datetime = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)

    @classmethod
    async def open(cls, cast: Cast) -> Depot:
        """Open it: 苹果 and 鸡蛋 from one supplier in packs of 10 and 6, chilled 牛奶 from another in packs of 4."""
        depot = cls(cast)
        depot.leaders = [await cast.leader("王姐"), await cast.leader("周叔")]
        depot.cycle_id = await depot.do(lambda tx: sale.publish(tx, delivery_date=TUESDAY))
        farm, dairy = await depot.supplier("果园"), await depot.supplier("乳业")
        await depot.sell("苹果", farm, pack_size=10, cost_fen=1_500, price_fen=2_100, gross_g=2_500)
        await depot.sell("鸡蛋", farm, pack_size=6, minimum_packs=3, cost_fen=1_000, price_fen=1_390, gross_g=1_800)
        await depot.sell("牛奶", dairy, pack_size=4, cost_fen=700, price_fen=990, gross_g=1_050, storage="chilled")
        await depot.do(lambda tx: sale.open_now(tx, cycle_id=depot.cycle_id))
        return depot

    @property
    def installation(self) -> Installation:
        """The installation it lives on."""
        return self.cast.installation

    @property
    def clock(self) -> SteeredClock:
        """The clock that a test moves."""
        assert isinstance(self.installation.clock, SteeredClock)
        return self.installation.clock

    async def do(self, work: Callable[[Tx], Awaitable[T]], region_id: int | None = None, **more: Any) -> T:
        """Run a command in the depot's region."""
        where = self.cast.region_id if region_id is None else region_id
        return await self.installation.db.run(work, where, by="test", **more)

    async def drain(self) -> None:
        """Let reactions and jobs run until it is quiet."""
        await self.installation.runner.drain(regions=[self.cast.region_id])

    async def supplier(self, name: str) -> int:
        """Add a supplier of that name."""
        made = await self.do(lambda tx: catalog.add_supplier(tx, name=f"{name}{self._number()}"), 0)
        return made.id

    async def sell(
        self,
        name: str,
        supplier_id: int,
        *,
        pack_size: int = 1,
        minimum_packs: int = 1,
        cost_fen: int = 500,
        price_fen: int = 800,
        gross_g: int = 500,
        storage: str = "ambient",
        rule: str = "paid_time",
    ) -> Goods:
        """Put a product into the catalogue and on sale in the cycle."""
        number = self._number()
        barcode = ean13(f"69{int(number.replace('-', '')):010d}")

        async def listed(tx: Tx) -> int:
            of = await catalog.add_category(tx, name=f"类{number}", storage_class=storage, commission_bp=1_000)
            size = catalog.NewSkuValue(spec="份", unit="份", gross_g=gross_g, net_g=gross_g - 100, barcode=barcode)
            made = await catalog.add_product(tx, category_id=of.id, name=f"{name}{number}", skus=[size])
            await catalog.add_supply(
                tx, supplier_id=supplier_id, sku_id=made.skus[0].id, price_fen=cost_fen, pack_size=pack_size,
                minimum_packs=minimum_packs,
            )  # fmt: skip
            return made.skus[0].id

        sku_id = await self.do(listed, 0)
        offer_id = await self.do(
            lambda tx: sale.list_offer(
                tx, cycle_id=self.cycle_id, sku_id=sku_id, price_fen=price_fen, shortage_rule=rule
            )
        )
        self.goods[name] = Goods(offer_id, sku_id, supplier_id, barcode, cost_fen, price_fen)
        return self.goods[name]

    def _number(self) -> str:
        return f"{self.cast.region_id}-{next(_numbers):04d}"

    async def order(self, who: str, *basket: tuple[str, int], leader: int = 0, pay: bool = True) -> int:
        """Let a neighbour order at a leader's station and pay in cash a minute after the one before."""
        station, leader_id = self.leaders[leader].station_id, self.leaders[leader].id
        self.ordered_at += timedelta(minutes=1)

        async def placed(tx: Tx) -> ordering.OrderValue:
            member = await people.find_or_add_neighbour(tx, station_id=station, nickname=who, place="3栋")
            lines = tuple((self.goods[name].offer_id, count) for name, count in basket)
            wanted = ordering.Placement(member, self.cycle_id, lines, tx.by, station_id=station, payment="offline")
            return await ordering.place(tx, placement=wanted)

        order = await self.do(placed, now=self.ordered_at)
        if pay:
            paid = order.payable_fen
            await self.do(
                lambda tx: confirm_payment(tx, order_id=order.id, leader_id=leader_id, amount_fen=paid, way=Way.CASH),
                now=self.ordered_at,
            )
        return order.id

    async def close(self) -> None:
        """Cut the cycle off at 23:00 and plan its night."""
        self.clock.set(CUT_OFF)
        await self.do(sale.close_due)
        await self.drain()

    async def night(self) -> None:
        """Cut the cycle off and let its night pass."""
        await self.close()
        self.clock.set(DEMAND_AT)
        await self.drain()

    async def orders_of(self) -> dict[int, supply.PurchaseOrderValue]:
        """Return the purchase orders of the cycle by supplier."""
        found = await self.do(lambda tx: supply.purchase_orders(tx, cycle_id=self.cycle_id))
        return {order.supplier_id: order for order in found}

    async def arrive(self, **shortfalls: int) -> None:
        """Let everything arrive in the morning but what is named short (名 = pieces), and receiving finish."""
        self.clock.set(ARRIVAL)
        short = {self.goods[name].sku_id: count for name, count in shortfalls.items()}
        for order in (await self.orders_of()).values():
            arrivals = [
                warehouse.Arrival(
                    line.sku_id, accepted=line.quantity - short.get(line.sku_id, 0), short=short.get(line.sku_id, 0),
                    temperature_tenths=50 if line.storage_class == "chilled" else None, lot="L1",
                )
                for line in order.lines
            ]  # fmt: skip
            await self.do(
                lambda tx, order=order, arrivals=arrivals: warehouse.receive(  # type: ignore[misc]
                    tx, po_id=order.id, arrivals=arrivals, signed_by="老陈"
                )
            )
        await self.drain()

    async def value(self, order_id: int) -> ordering.OrderValue:
        """Return an order as other rooms see it."""
        return await self.do(lambda tx: ordering.order(tx, order_id))

    async def short(self, order_id: int, name: str) -> int:
        """Return how many pieces of a product an order lacks."""
        offer_id = self.goods[name].offer_id
        return next(line.short_quantity for line in (await self.value(order_id)).lines if line.offer_id == offer_id)

    async def stock(self, name: str) -> int:
        """Return the free pieces of a product."""
        sku_id = self.goods[name].sku_id
        return (await self.do(lambda tx: supply.free_stock(tx, [sku_id]))).get(sku_id, 0)

    async def count(self, table: str, where: str = "TRUE") -> int:
        """Return how many rows of the region a table has."""
        statement = text(f"SELECT count(*) FROM {table} WHERE region_id = :region_id AND {where}")

        async def counted(tx: Tx) -> int:
            return int((await tx.execute(statement, {"region_id": tx.region_id})).scalar_one())

        return await self.do(counted)

    async def written(self) -> dict[str, int]:
        """Return how many rows every table of the room has: equal before and after a refusal."""
        names = {
            "supply": "steps demands demand_lines sku_needs purchase_orders purchase_lines stock_movements",
            "warehouse": (
                "receipts receipt_lines receivings allocations shortages short_lines waves totes sort_tasks "
                "sort_shares sort_items scans"
            ),
        }
        tables = [f"{room}.{name}" for room, of_room in names.items() for name in of_room.split()]
        counted = {name: await self.count(name) for name in tables}
        lines = "accepted + short + rejected + over"
        for table, column in (
            ("supply.purchase_lines", lines),
            ("warehouse.sort_shares", "sorted + short"),
            ("supply.stock_balances", "on_hand"),
        ):
            statement = text(f"SELECT coalesce(sum({column}), 0) FROM {table} WHERE region_id = :region_id")

            async def summed(tx: Tx, statement: Any = statement) -> int:
                return int((await tx.execute(statement, {"region_id": tx.region_id})).scalar_one())

            counted[f"sum of {table}"] = await self.do(summed)
        return counted

    async def in_balance(self) -> None:
        """Prove that buying adds up, stock is the sum of its movements, demand is whole and the books agree."""
        assert await self.do(lambda tx: supply.balance_of_cycle(tx, self.cycle_id)) == []
        assert await self.do(supply.stock_differences) == {}
        assert await self.do(lambda tx: supply.demand_is_whole(tx, self.cycle_id))
        await self.do(money.post_batches)
        found = await self.do(money.check)
        assert found.differences == ()
        assert found.balanced


def ean13(twelve: str) -> str:
    """Return twelve digits with their check digit."""
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve))
    return f"{twelve}{-total % 10}"

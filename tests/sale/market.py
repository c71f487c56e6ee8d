"""A small market for the tests of the sale room: goods, an open cycle and its offers, each made in one line."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

from linli import catalog, sale
from linli.platform.clock import SteeredClock
from linli.platform.database import Database, Tx
from linli.platform.installation import Installation

T = TypeVar("T")
TUESDAY = date(2026, 11, 24)
OPENING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 14:00 in Shanghai
CUT_OFF = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
_numbers = itertools.count(1)


@contextmanager
def scratch_database(server_url: str, template: str) -> Iterator[str]:
    """Clone the migrated template into a database that may be spoiled, and drop it afterwards."""
    name = f"linli_scratch_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class Market:
    """One region's market on one database; every call is a transaction of its own."""

    db: Database
    clock: SteeredClock
    region_id: int
    in_hands: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, installation: Installation, region_id: int) -> Market:
        """Return the market of a region on an installation whose clock is steered."""
        assert isinstance(installation.clock, SteeredClock)
        return cls(installation.db, installation.clock, region_id)

    async def do(self, work: Callable[[Tx], Awaitable[T]], region_id: int | None = None) -> T:
        """Run a command in the market's region."""
        return await self.db.run(work, self.region_id if region_id is None else region_id, by="test")

    async def sku(self, *, cost_fen: int = 300, **supply: Any) -> int:
        """Add a new product of one size with a supplier of its own; returns the sku."""
        number = next(_numbers)

        async def work(tx: Tx) -> int:
            of = await catalog.add_category(
                tx, name=f"水果{self.region_id}-{number}", storage_class="chilled", commission_bp=1_000
            )
            size = catalog.NewSkuValue(spec="1箱", unit="箱", gross_g=5_200, net_g=5_000)
            made = await catalog.add_product(tx, category_id=of.id, name=f"苹果{number}", skus=[size])
            by = await catalog.add_supplier(tx, name=f"果园{self.region_id}-{number}")
            sku_id = made.skus[0].id
            await catalog.add_supply(tx, supplier_id=by.id, sku_id=sku_id, price_fen=cost_fen, **supply)
            return sku_id

        return await self.do(work, 0)

    async def publish(self, delivery_date: date = TUESDAY, station_ids: Sequence[int] = ()) -> int:
        """Publish a cycle of the region."""
        return await self.do(lambda tx: sale.publish(tx, delivery_date=delivery_date, station_ids=station_ids))

    async def offer(self, cycle_id: int, *, cost_fen: int = 300, **terms: Any) -> int:
        """List a fresh sku in a cycle."""
        sku_id = await self.sku(cost_fen=cost_fen)
        given = {"price_fen": 500, **terms}
        return await self.do(lambda tx: sale.list_offer(tx, cycle_id=cycle_id, sku_id=sku_id, **given))

    async def open(self, *offers: dict[str, Any], delivery_date: date = TUESDAY) -> tuple[int, list[int]]:
        """Publish a cycle with offers of these terms and let the clock open it; returns the cycle and the offers."""
        cycle_id = await self.publish(delivery_date)
        made = [await self.offer(cycle_id, **terms) for terms in offers or ({},)]
        opens_at = (await self.cycle(cycle_id)).opens_at
        self.clock.set(max(opens_at, self.clock.now()))
        assert await self.do(sale.open_due) == 1
        return cycle_id, made

    async def take(self, member_id: int, wanted: dict[int, int]) -> dict[int, sale.OfferValue]:
        """Hold pieces for a member."""
        offers = await self.do(lambda tx: sale.hold(tx, member_id=member_id, wanted=wanted))
        self.in_hands.update(wanted)
        return offers

    async def give(self, member_id: int, given: dict[int, int]) -> None:
        """Give a member's pieces back."""
        await self.do(lambda tx: sale.release(tx, given=[(member_id, given)]))
        self.in_hands.subtract(given)

    async def cycle(self, cycle_id: int) -> sale.CycleValue:
        """Return the cycle as it is now."""
        return await self.do(lambda tx: sale.cycle(tx, cycle_id))

    async def sold(self, offer_id: int) -> int:
        """Return an offer's counter."""
        return (await self.do(lambda tx: sale.offer(tx, offer_id))).sold

    async def held(self, member_id: int, offer_id: int) -> int:
        """Return what a member holds of an offer."""
        return (await self.do(lambda tx: sale.holdings(tx, member_id, [offer_id]))).get(offer_id, 0)

    async def differences(self, cycle_id: int) -> dict[int, tuple[int, int]]:
        """Return the offers whose counter is not what members took through this market."""
        offers = await self.do(lambda tx: sale.offers(tx, cycle_id))
        return {id: (each.sold, self.in_hands[id]) for id, each in offers.items() if each.sold != self.in_hands[id]}

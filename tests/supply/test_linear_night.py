"""Ten times the orders take the night at most eleven times as long, and the sums are still exact."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

import linli.people
from linli import supply
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.supply.night.commands import take_step
from linli.supply.night.model import Step
from tests.conftest import MORNING, numbers
from tests.people_cast import Cast
from tests.supply.depot import DEMAND_AT, Depot

STATIONS = 200


async def crowd(depot: Depot, orders: int) -> None:
    """Copy one paid order of two lines so often, spread over two hundred stations."""
    await depot.order("李阿姨", ("苹果", 5), ("牛奶", 2))
    await depot.do(lambda tx: copy(tx, "orders", orders))
    await depot.do(lambda tx: copy(tx, "lines", orders))


async def copy(tx: Tx, table: str, orders: int) -> None:
    """Insert copies of the region's rows with ids, stations, serials and codes of their own."""
    found = await tx.execute(
        text("SELECT column_name FROM information_schema.columns WHERE table_schema = 'ordering' AND table_name = :t"),
        {"t": table},
    )
    made: dict[str, str] = {
        "id": "id + n * 16 + 100000", "station_id": f"station_id + n % {STATIONS}", "serial": f"2 + n / {STATIONS}",
        "pickup_code": "lpad(n::text, 6, '0')", "order_id": "order_id + n * 16 + 100000",
    }  # fmt: skip
    names = [row[0] for row in found]
    values = ", ".join(made.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    await tx.execute(
        text(
            f"INSERT INTO ordering.{table} ({columns}) SELECT {values} FROM ordering.{table}, "
            "generate_series(1, :orders) AS n WHERE region_id = :region_id"
        ),
        {"orders": orders, "region_id": tx.region_id},
    )


async def night(depot: Depot, orders: int) -> float:
    """Return the seconds that freezing and buying take for so many orders."""
    await crowd(depot, orders)
    await depot.close()
    depot.clock.set(DEMAND_AT)
    began = time.perf_counter()
    for step in (Step.FREEZE, Step.PURCHASE):
        take: Any = partial(take_step, cycle_id=depot.cycle_id, step=step)
        assert await depot.do(take)
    took = time.perf_counter() - began
    demand = await depot.do(lambda tx: supply.demand(tx, depot.cycle_id))
    assert demand.pieces == (orders + 1) * 7
    assert await depot.do(lambda tx: supply.balance_of_cycle(tx, depot.cycle_id)) == []
    return took


@pytest.mark.long
@pytest.mark.rule("BUY-2")
async def test_ten_times_the_orders_take_at_most_eleven_times_as_long(
    client: httpx2.AsyncClient, installation: Installation
) -> None:
    took = {}
    for orders in (2_000, 20_000):
        region_id = next(numbers)
        add = partial(linli.people.add_region, region_id=region_id, name=f"测试区{region_id}")
        await installation.db.run(add, 0, by="test")
        installation.clock.set(MORNING)  # type: ignore[attr-defined]
        took[orders] = await night(await Depot.open(Cast(client, installation, region_id)), orders)
    assert took[20_000] <= 11 * took[2_000], took

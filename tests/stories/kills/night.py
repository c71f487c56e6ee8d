"""The night of the house: its points at which somebody dies, and the proof that it is whole and single."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from linli import ordering, sale, supply
from linli.ordering.order.queries import paid_lines
from linli.platform import outbox
from linli.platform.database import Tx
from tests.stories.kills.house import Gate, House
from tests.supply.depot import CUT_OFF, Depot

PIECES = 13 + 5 + 8
FACTS = {
    "sale.cycle_closed": 1, "supply.demand_frozen": 1, "supply.purchase_orders_made": 1,
    "supply.purchase_order_sent": 2, "supply.send_purchase_order": 2, "supply.run_night": 1,
}  # fmt: skip
REACTIONS = text("SELECT fact_id, reaction FROM platform.reactions WHERE region_id = :region_id")
TOLD = text("SELECT id, name FROM platform.outbox WHERE region_id = :region_id AND kind = 'fact'")
OPEN = "SELECT count(*) FROM platform.outbox WHERE status IN ('pending', 'queued')"


@dataclass(frozen=True)
class Point:
    """Where in the night somebody dies: behind these locks, one after the other; how many steps are done then."""

    name: str
    locks: tuple[str, ...]
    steps_done: int


def _step(name: str) -> str:
    return f"SELECT id FROM supply.steps WHERE step = '{name}' FOR UPDATE"


PAID = "SELECT id FROM ordering.orders WHERE paid_at IS NOT NULL FOR UPDATE"
STOCK = "SELECT sku_id FROM supply.stock_balances FOR UPDATE"
ONE_OF_TWO = "SELECT id FROM supply.purchase_orders WHERE id = (SELECT max(id) FROM supply.purchase_orders) FOR UPDATE"
POINTS = (
    Point("before_the_demand_is_frozen", (_step("freeze"),), 0),
    Point("while_it_is_frozen", (PAID,), 0),
    Point("before_goods_are_bought", (_step("purchase"),), 1),
    Point("while_stock_is_set_aside", (STOCK,), 1),
    Point("when_purchase_orders_are_written", (_step("purchase"), PAID), 1),
    Point("before_they_are_sent", (_step("send"),), 2),
    Point("while_their_papers_are_sent", (_step("send"), ONE_OF_TWO), 3),
)


async def begin_night(house: House) -> None:
    """Let the worker cut the cycle off at 23:00 and plan its night, which is not due yet."""
    house.at(CUT_OFF)
    await house.comes("SELECT count(*) FROM supply.steps", 6)
    await house.comes(OPEN, 1)


@asynccontextmanager
async def stand_at(house: House, point: Point, at: datetime) -> AsyncIterator[Gate]:
    """Set the clock and let the worker run against the point; it stands there, in the middle of a statement."""
    async with AsyncExitStack() as gates:
        first, *others = point.locks
        gate = await gates.enter_async_context(house.gate(first))
        await _time_passes(house, at, gate)
        for lock in others:
            following = await gates.enter_async_context(house.gate(lock))
            await gate.open()
            await following.somebody_waits()
            gate = following
        yield gate


async def _time_passes(house: House, at: datetime, gate: Gate) -> None:
    """Let the clock run on from an instant until somebody stands at the gate: a step that failed comes back later."""
    waiting = asyncio.ensure_future(gate.somebody_waits())
    while not waiting.done():
        house.at(at)
        at += timedelta(seconds=1)
        await asyncio.wait({waiting}, timeout=1)
    await waiting


async def finish_night(house: House) -> None:
    """Wait until every purchase order is sent and nothing is left to do."""
    await house.comes("SELECT count(*) FROM supply.purchase_orders WHERE state = 'sent'", 2)
    await house.comes(OPEN, 0)


async def whole_and_single(house: House) -> None:
    """Prove that the night is complete, that nothing of it happened twice, and that nothing was lost."""
    async with house.depot() as depot:
        await _single(depot)
        await _whole(depot)
        await depot.in_balance()
        papers = house.home / "papers" / str(depot.cast.region_id) / "2026-11-24"
        orders = (await depot.orders_of()).values()
        expected = sorted(f"{order.number}-v1.{form}" for order in orders for form in ("pdf", "xlsx"))
        assert sorted(path.name for path in papers.iterdir()) == expected


async def _single(depot: Depot) -> None:
    cycle = await depot.do(lambda tx: sale.cycle(tx, depot.cycle_id))
    assert (cycle.state, cycle.closings) == ("receiving", 1)
    moves = {verb: await depot.count("platform.moves", _moved(depot, verb)) for verb in ("open", "close", "buy")}
    assert moves == {"open": 1, "close": 1, "buy": 1}
    assert await depot.count("supply.demands") == 1
    assert {name: await depot.count("platform.outbox", f"name = '{name}'") for name in FACTS} == FACTS
    assert await depot.count("people.notices", "event = 'po.sent'") == 2
    assert await depot.count("platform.moves", "machine = 'purchase_order' AND verb = 'send'") == 2
    orders = await depot.do(lambda tx: supply.purchase_orders(tx, cycle_id=depot.cycle_id))
    assert len(orders) == len({order.supplier_id for order in orders}) == 2
    assert {order.state for order in orders} == {"sent"}


def _moved(depot: Depot, verb: str) -> str:
    return f"machine = 'cycle' AND thing_id = {depot.cycle_id} AND verb = '{verb}'"


async def _whole(depot: Depot) -> None:
    steps = await depot.do(lambda tx: supply.night_of(tx, depot.cycle_id))
    assert [step.state for step in steps] == ["done"] * 3 + ["waiting"] * 3
    demand = await depot.do(lambda tx: supply.demand(tx, depot.cycle_id))
    paid = await depot.do(lambda tx: paid_lines(tx, depot.cycle_id))
    assert demand.pieces == sum(line.quantity for line in paid) == PIECES
    bought = [line for order in (await depot.orders_of()).values() for line in order.lines]
    wanted = {"苹果": 20, "鸡蛋": 18, "牛奶": 8}  # whole packs, with two apples from stock
    assert {line.sku_id: line.quantity for line in bought} == {
        depot.goods[name].sku_id: count for name, count in wanted.items()
    }
    assert await depot.do(outbox.parked) == []
    assert await depot.count("platform.outbox", "kind = 'fact' AND status <> 'done'") == 0
    assert await depot.do(_unreacted) == 0
    assert await depot.do(lambda tx: ordering.counter_differences(tx, depot.cycle_id)) == {}


async def _unreacted(tx: Tx) -> int:
    """Return how many reactions to facts of this region never ran."""
    here = {"region_id": tx.region_id}
    done = {tuple(row) for row in await tx.execute(REACTIONS, here)}
    facts = await tx.execute(TOLD, here)
    return sum(
        (row[0], outbox.reaction_name(each)) not in done for row in facts for each in outbox.reactions.get(row[1], [])
    )

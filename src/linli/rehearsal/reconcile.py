"""The reckoning: what people remember, what the platform says, and what the payment provider has in its books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from linli.kernel.ids import parse_id, region_of
from linli.rehearsal.diary import Day
from linli.rehearsal.night import orders_of
from linli.rehearsal.persons import Json, Person
from linli.rehearsal.town import Town
from linli.rehearsal.world import World

WAITING = frozenset({"at_station"})
HANDED = frozenset({"collected", "closed"})


@dataclass
class Reckoning:
    """Figures in fen and pieces, and every place where two books disagree."""

    figures: dict[str, int] = field(default_factory=dict)
    ledger_balanced: bool = True
    differences: list[str] = field(default_factory=list)

    @property
    def reconciled(self) -> bool:
        """Tell whether nothing disagrees."""
        return self.ledger_balanced and not self.differences

    def equal(self, what: str, ours: Any, theirs: Any) -> None:
        """Note a difference when two books do not say the same."""
        if ours != theirs:
            self.differences.append(f"{what}: {ours} against {theirs}")

    def add(self, **figures: int) -> None:
        """Add to the figures."""
        for name, value in figures.items():
            self.figures[name] = self.figures.get(name, 0) + value


async def reckon(world: World, towns: Sequence[Town], days: Sequence[Day]) -> Reckoning:
    """Compare all books of all towns to the fen and piece."""
    found = Reckoning()
    for town in towns:
        await _ledger(world, town, found)
        own = [day for day in days if day.town is town]
        orders = {day.cycle_id: await orders_of(day) for day in own}
        for day in own:
            await _cycle(day, orders[day.cycle_id], found)
        await _stock(town, own, orders, found)
    parked = [row for town in towns for row in await _parked(town)]
    found.equal("facts and wishes that were parked", [f"{row['name']}: {row['error'][:200]}" for row in parked], [])
    return found


async def _parked(town: Town) -> list[Json]:
    operator = town.staff["operator"]
    rows: list[Json] = await operator.get("/console/outbox/parked")
    return rows


async def _ledger(world: World, town: Town, found: Reckoning) -> None:
    finance = town.staff["finance"]
    check = await finance.get("/console/ledger/check")
    found.ledger_balanced &= check["balanced"] and check["subledger_agrees"]
    found.differences += [f"ledger: {line['what']} {line['ref']}: {line}" for line in check["differences"]]
    trial = await finance.get("/console/ledger/trial-balance")
    found.equal("trial balance", trial["debit_fen"], trial["credit_fen"])
    cash: Counter[str] = Counter()
    for line in trial["lines"]:
        kind = line["kind"]
        cash[f"{kind} in"] += line["debit_fen"]
        cash[f"{kind} out"] += line["credit_fen"]
        cash[kind] += line["balance_fen"]
    found.add(
        paid_fen=cash["cash_sandbox in"] + cash["cash_offline in"],
        refunded_fen=cash["cash_sandbox out"] + cash["cash_offline out"],
        commission_fen=cash["leader_pending"] + cash["leader_available"],
        supplier_payable_fen=cash["supplier_payable"] - cash["supplier_claims"],
        revenue_fen=cash["revenue"],
    )
    paid, given_back = (
        sum(fen for number, fen in book.items() if region_of(parse_id(number)) == town.region)
        for book in world.provider.books()
    )
    found.equal(f"provider's charges of {town.region}", cash["cash_sandbox in"], paid)
    found.equal(f"provider's refunds of {town.region}", cash["cash_sandbox out"], given_back)
    earned = sum([await _earned(station.leader) for station in _one_each(town)])
    found.equal(f"what leaders of {town.region} see", cash["leader_pending"] + cash["leader_available"], earned)


def _one_each(town: Town) -> list[Any]:
    return list({station.leader.id: station for station in town.stations}.values())


async def _earned(leader: Person) -> int:
    page = await leader.get("/leader/earnings")
    return int(page["pending_fen"]) + int(page["available_fen"])


async def _cycle(day: Day, orders: list[Json], found: Reckoning) -> None:
    known = {order.id: order for order in day.orders}
    found.equal("orders the platform knows", {order["id"] for order in orders}, set(known))
    for order in orders:
        remembered = known.get(order["id"])
        kept = order["paid_fen"] - order["refunded_fen"]
        if order["state"] == "cancelled":
            found.equal(f"money kept of cancelled order {order['id']}", kept, 0)
        elif order["state"] not in HANDED | WAITING and kept:
            found.differences.append(f"order {order['id']} was paid and is {order['state']}")
        if remembered is not None and remembered.collected:
            found.equal(f"collected order {order['id']}", order["state"] in HANDED, True)
        if remembered is not None and remembered.paid:
            found.equal(f"what was paid for {order['id']}", order["paid_fen"], remembered.payable_fen)
    found.add(
        orders=len(orders),
        collected=sum(order["state"] in HANDED for order in orders),
        waiting=sum(order["state"] in WAITING for order in orders),
        cancelled=sum(order["state"] == "cancelled" for order in orders),
        shortage_lines=sum(1 for order in orders for line in order["lines"] if line["short_quantity"]),
    )


async def _stock(town: Town, days: Sequence[Day], orders: dict[str, list[Json]], found: Reckoning) -> None:
    """Compare, sku by sku, what came in with what was given out and what is left on the shelves."""
    buyer, lead = town.staff["buyer"], town.staff["warehouse_lead"]
    came: Counter[str] = Counter()
    for day in days:
        balance = await buyer.get(f"/console/cycles/{day.cycle_id}/purchase-balance")
        found.differences += [f"purchase of {day.cycle_id}: {line}" for line in balance["differences"]]
        truth = await buyer.get(f"/console/cycles/{day.cycle_id}/truth")
        found.differences += [f"truth of {day.cycle_id}: {line}" for line in truth["untruths"]]
        for po in (await buyer.get("/console/purchase-orders", cycle_id=day.cycle_id, limit=200))["items"]:
            for line in po["lines"]:
                came[line["sku_id"]] += line["accepted"]
        for order in orders[day.cycle_id]:
            for line in order["lines"] if order["state"] != "cancelled" else ():
                came[line["sku_id"]] -= line["quantity"] - line["short_quantity"]
    after: str | None = None
    while True:
        page = await lead.get("/console/stock", after=after, limit=200)
        for row in page["items"]:
            came[row["sku_id"]] -= row["on_hand"]
        after = page["next"]
        if after is None:
            break
    found.differences += [f"sku {sku}: {pieces} pieces unaccounted for" for sku, pieces in came.items() if pieces]

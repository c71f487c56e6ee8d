"""The night: the clock cuts off, demand is frozen, purchase orders are made and sent, and suppliers' papers printed."""

from __future__ import annotations

from datetime import timedelta

from linli.kernel.money import yuan
from linli.rehearsal.diary import Day, Told
from linli.rehearsal.persons import Json

MINUTE = timedelta(minutes=1)


async def cut_off(day: Day) -> Told:
    """The clock closes the cycle on the minute; unpaid orders end with their grace."""
    await day.until("cut_off_at", -MINUTE)
    await day.until("cut_off_at")
    await day.until("grace_until", MINUTE)
    day.cycle = await day.town.staff["operator"].get(f"/console/cycles/{day.cycle_id}")
    if day.cycle["state"] == "open":
        raise AssertionError("the cycle is open after its cut-off")
    local = day.cycle["cut_off_at"]
    return Told(
        "到点截单，未付款的订单关闭，货放回", f"cut off at {local[11:16]} UTC", {"closings": day.cycle["closings"]}
    )


async def buying(day: Day) -> Told:
    """Demand is frozen and purchase orders go out; the buyer looks whether every sku adds up."""
    buyer = day.town.staff["buyer"]
    await day.until("demand_at", MINUTE)
    await day.until("demand_at", 5 * MINUTE)
    await _check_states(day)
    demand = await buyer.get(f"/console/cycles/{day.cycle_id}/demand")
    balance = await buyer.get(f"/console/cycles/{day.cycle_id}/purchase-balance")
    orders = (await buyer.get("/console/purchase-orders", cycle_id=day.cycle_id, limit=200))["items"]
    wanted = sum(line["quantity"] for order in day.standing() for line in order.lines)
    if demand["pieces"] != wanted or not demand["whole"]:
        raise AssertionError(f"demand is {demand['pieces']} pieces, people paid for {wanted}")
    if not balance["whole"]:
        raise AssertionError(f"the purchase does not add up: {balance['differences'][:5]}")
    bought = sum(line["quantity"] for order in orders for line in order["lines"])
    worth = sum(order["total_fen"] for order in orders)
    figures = {
        "demand_pieces": wanted, "bought_pieces": bought, "purchase_orders": len(orders), "purchased_fen": worth,
        "sent": sum(order["sent_at"] is not None for order in orders),
    }  # fmt: skip
    return Told(
        f"冻结需求 {wanted} 件；向 {len(orders)} 家供应商下采购单，按箱规共 {bought} 件 ¥{yuan(worth)}",
        f"{wanted} pieces wanted, {bought} bought from {len(orders)} suppliers in whole packs", figures,
    )  # fmt: skip


async def _check_states(day: Day) -> None:
    """Compare what members remember with what the platform says of every order of the cycle."""
    known = {order.id: order for order in day.orders}
    orders = await orders_of(day)
    if {order["id"] for order in orders} != set(known):
        raise AssertionError("the platform knows other orders than the people who placed them")
    for order in orders:
        remembered = known[order["id"]]
        lost = remembered.cancelled or not remembered.paid
        if lost != (order["state"] == "cancelled"):
            raise AssertionError(f"order {order['id']} is {order['state']}, paid={remembered.paid}")
        remembered.cancelled = lost


async def orders_of(day: Day) -> list[Json]:
    """Return every order of the cycle as the operator sees it."""
    found: list[Json] = []
    after: str | None = None
    while True:
        page = await day.town.staff["operator"].get(f"/console/cycles/{day.cycle_id}/orders", after=after, limit=200)
        found += page["items"]
        after = page["next"]
        if after is None:
            return found

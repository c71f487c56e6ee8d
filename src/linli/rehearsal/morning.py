"""The morning: goods are received, some short, some turned away, what lacks is refunded, the rest is sorted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from linli.kernel.money import yuan
from linli.rehearsal.diary import Day, Told
from linli.rehearsal.night import orders_of
from linli.rehearsal.persons import Json

COLD = {"chilled": 35, "frozen": -185}


async def receiving(day: Day) -> Told:
    """The warehouse signs for every delivery: a few come short, a few boxes are turned away."""
    await day.until("supplier_arrival", -timedelta(minutes=40))
    worker = day.town.staff["warehouse_worker"]
    arrivals = await worker.get(f"/warehouse/cycles/{day.cycle_id}/arrivals")
    short = rejected = accepted = 0
    for order in arrivals["orders"]:
        lines = [_arrived(day, line) for line in order["lines"]]
        await worker.post("/warehouse/receipts", {"po_id": order["id"], "lines": lines, "signed_by": "收货员"})
        accepted += sum(line["accepted"] for line in lines)
        short += sum(line["short"] for line in lines)
        rejected += sum(line["rejected"] for line in lines)
    figures = {"received_pieces": accepted, "arrived_short": short, "turned_away": rejected}
    await worker.post(f"/warehouse/cycles/{day.cycle_id}/receiving-finish")
    await day.world.step()
    return Told(
        f"收货 {accepted} 件，少到 {short} 件，拒收 {rejected} 件",
        f"{accepted} accepted, {short} short, {rejected} turned away",
        figures,
    )


def _arrived(day: Day, line: Json) -> dict[str, Any]:
    quantity, chance = line["quantity"], day.world
    share = chance.random.choice((1, 2, 3))  # all of it, half, a third does not come
    missing = max(1, quantity // share) if chance.chance(day.shape.arrives_short) else 0
    bad = min(quantity - missing, line["pack_size"]) if chance.chance(day.shape.arrives_bad) else 0
    arrived = {
        "sku_id": line["sku_id"], "accepted": quantity - missing - bad, "short": missing, "rejected": bad,
        "reason": "短缺" if missing else "外观不合格" if bad else "", "lot": f"L{day.delivery_date:%m%d}",
    }  # fmt: skip
    if line["storage_class"] in COLD:
        arrived["temperature_tenths"] = COLD[line["storage_class"]]
    return arrived


async def shortages(day: Day) -> Told:
    """What did not come is spread by the rule of each offer, refunded and told to the members."""
    await day.until("supplier_arrival")
    found = await orders_of(day)
    lines = [line for order in found for line in order["lines"] if line["short_quantity"]]
    refunded = sum(line["refunded_fen"] for line in lines)
    figures = {
        "shortage_lines": len(lines), "shortage_pieces": sum(line["short_quantity"] for line in lines),
        "shortage_refund_fen": refunded,
    }  # fmt: skip
    return Told(
        f"{len(lines)} 条明细缺货，已自动退款 ¥{yuan(refunded)} 并通知",
        f"{len(lines)} lines short, refunded at once",
        figures,
    )


async def sorting(day: Day) -> Told:
    """Workers sort sku by sku into the stations' totes with scanner and code, then close every tote."""
    worker, world = day.town.staff["warehouse_worker"], day.world
    await day.until("sorted_by", -timedelta(hours=2))
    wave = await worker.post("/warehouse/waves", {"cycle_id": day.cycle_id})
    tasks = await _tasks(day)
    await world.each(tasks, lambda task: _sort(day, task))
    totes = await day.town.staff["warehouse_lead"].get(f"/console/cycles/{day.cycle_id}/totes")
    await world.each(totes, lambda tote: worker.post(f"/warehouse/totes/{tote['code']}/seal"))
    await world.step()
    board = await day.town.staff["warehouse_lead"].get(f"/console/cycles/{day.cycle_id}/sorting")
    if board["wave"]["state"] != "finished":
        raise AssertionError(f"sorting is not finished: {board['wave']}")
    scans = sum(len(task["shares"]) for task in tasks)
    figures = {"totes": len(totes), "scans": scans, "sorted_pieces": wave["planned"]}
    return Told(
        f"{len(tasks)} 个商品扫码分进 {len(totes)} 个周转箱，共 {wave['planned']} 件",
        f"{scans} scans into {len(totes)} totes",
        figures,
    )


async def _tasks(day: Day) -> list[Json]:
    found: list[Json] = []
    after: str | None = None
    while True:
        asked = {"cycle_id": day.cycle_id, "after": after, "limit": 200}
        page = await day.town.staff["warehouse_worker"].get("/warehouse/tasks", **asked)
        found += page["items"]
        after = page["next"]
        if after is None:
            return found


async def standing_ready(day: Day) -> Told:
    """Where there is no warehouse the goods stand at the leader's as they came: one word and they can be handed out."""
    worker = day.town.staff["warehouse_worker"]
    await day.until("sorted_by", -timedelta(minutes=30))
    wave = await worker.post("/warehouse/waves", {"cycle_id": day.cycle_id})
    await day.world.step()
    if wave["state"] != "finished":
        raise AssertionError(f"the goods do not stand ready: {wave}")
    return Told(
        f"{wave['planned']} 件货已在团长家点齐",
        f"{wave['planned']} pieces stand ready at the leader's",
        {"sorted_pieces": wave["planned"]},
    )


async def _sort(day: Day, task: Json) -> None:
    worker = day.town.staff["warehouse_worker"]
    path = f"/warehouse/tasks/{task['id']}"
    await worker.post(f"{path}/start")
    for share in task["shares"]:
        scan = {
            "barcode": task["barcode"], "tote": share["tote_code"], "quantity": share["planned"],
            "scan_key": f"{task['id']}-{share['tote_id']}",
        }  # fmt: skip
        await worker.post(f"{path}/scan", scan)
    await worker.post(f"{path}/finish", {"short": False})

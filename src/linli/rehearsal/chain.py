"""The evening of a single leader: the 接龙 is pasted, put right, pasted again as it grows, and who paid is noted."""

from __future__ import annotations

from linli.kernel.money import yuan
from linli.rehearsal.chat import Meant, write_chat
from linli.rehearsal.diary import Day, Placed, Told
from linli.rehearsal.persons import Json


async def chain(day: Day) -> Told:
    """The leader pastes the group's chain twice, the second time grown by a few, and confirms every entry."""
    station = day.town.stations[0]
    size = day.town.preset.town.members
    text, meant = write_chat(day.town.goods, station.leader.name, size, day.country.names, day.world.seed)
    early = "\n".join(text.splitlines()[: -max(1, size // 8)]) + "\n"
    corrected = await _paste(day, early, meant)
    again = await _paste(day, text, meant)
    orders = [order for order in day.orders if order.station is station]
    worth = sum(order.payable_fen for order in orders)
    for order in orders:
        way = "cash" if day.world.chance(4_000) else "transfer"
        await station.leader.post(f"/leader/orders/{order.id}/payment", {"amount_fen": order.payable_fen, "way": way})
        order.paid = True
    await day.world.step()
    figures = {
        "chain_entries": len(meant),
        "chain_corrected": corrected + again,
        "chain_orders": len(orders),
        "chain_fen": worth,
    }
    return Told(
        f"接龙 {len(meant)} 条，{corrected + again} 条由团长说明，成 {len(orders)} 单 ¥{yuan(worth)}，已登记收款",
        f"{len(meant)} entries pasted, {corrected + again} put right by the leader, {len(orders)} orders", figures,
    )  # fmt: skip


async def _paste(day: Day, text: str, meant: list[Meant]) -> int:
    """Paste, decide about every waiting entry, and return how many needed a person's word."""
    station = day.town.stations[0]
    body = {"cycle_id": day.cycle_id, "station_id": station.id, "text": text}
    pasted = await station.leader.post("/leader/chains", body)
    offers = {good.sku_id: offer["id"] for good, offer in day.offers.values()}
    decisions: list[Json] = []
    corrected = 0
    for entry in pasted["entries"]:
        if entry["state"] != "waiting":
            continue
        truth = next((one for one in meant if one.who in entry["source"] and one.place in entry["source"]), None)
        if truth is None:
            decisions.append({"entry_id": entry["id"], "action": "drop"})
            continue
        wanted = sorted((offers[good.sku_id], pieces) for good, pieces in truth.wants)
        understood = sorted((item["offer_id"], item["pieces"]) for item in entry["items"] if item["offer_id"])
        decision: Json = {"entry_id": entry["id"], "action": "order", "payer": truth.who}
        if not entry["ready"] or understood != wanted:
            corrected += 1
            lines = [{"offer_id": offer_id, "quantity": pieces} for offer_id, pieces in wanted]
            decision |= {"who": truth.who, "place": truth.place, "lines": lines}
        if entry["ready"] and understood != wanted:
            day.figures["chain_misread"] = day.figures.get("chain_misread", 0) + 1
        decisions.append(decision)
    if decisions:
        confirmed = await station.leader.post(f"/leader/chains/{pasted['id']}/confirmation", {"entries": decisions})
        await _note_orders(day, confirmed)
    return corrected


async def _note_orders(day: Day, confirmed: Json) -> None:
    station = day.town.stations[0]
    known = {order.id for order in day.orders}
    for entry in confirmed["entries"]:
        if entry["order_id"] and entry["order_id"] not in known:
            order = await station.leader.get(f"/leader/orders/{entry['order_id']}")
            day.orders.append(Placed(order["id"], station, order["payable_fen"], order["lines"]))

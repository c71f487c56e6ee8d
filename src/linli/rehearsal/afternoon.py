"""The afternoon: vans are loaded and driven, leaders count and sign, neighbours collect with their codes."""

from __future__ import annotations

from datetime import datetime, timedelta

from linli.rehearsal.diary import Day, Placed, Told
from linli.rehearsal.night import orders_of
from linli.rehearsal.persons import Json, Person
from linli.rehearsal.town import Station


async def driving(day: Day) -> Told:
    """The routes are planned, each driver scans the totes of the van and departs."""
    operator, world = day.town.staff["operator"], day.world

    async def planned() -> Json | None:
        plan: Json = await operator.get(f"/console/cycles/{day.cycle_id}/runs")
        return plan if plan["runs"] or plan["unserved"] else None

    plan = await world.eventually(planned)
    totes = await day.town.staff["warehouse_lead"].get(f"/console/cycles/{day.cycle_id}/totes")
    await day.until("sorted_by", timedelta(minutes=5))
    for driver in day.town.drivers:
        for run in await driver.get("/driver/runs"):
            if run["cycle_id"] == day.cycle_id:
                stations = {stop["station_id"] for stop in run["stops"]}
                codes = [tote["code"] for tote in totes if tote["station_id"] in stations]
                await driver.post(f"/driver/runs/{run['id']}/loading", {"tote_codes": codes})
                await driver.post(f"/driver/runs/{run['id']}/departure")
    await world.step()
    stops = sum(len(run["stops"]) for run in plan["runs"])
    metres = sum(run["distance_m"] for run in plan["runs"])
    unserved = len(plan["unserved"] or [])
    if unserved:
        raise AssertionError(f"no van for stations {plan['unserved']}")
    figures = {"runs": len(plan["runs"]), "stops": stops, "distance_m": metres}
    return Told(
        f"{len(plan['runs'])} 条线路 {stops} 站，共 {metres // 1000} 公里，已扫码装车出发",
        f"{stops} stops on {len(plan['runs'])} runs",
        figures,
    )


async def handover(day: Day) -> Told:
    """The driver sets totes down, the leader counts and signs; where leaders collect themselves, only they sign."""
    await _drive(day)
    await day.world.step()
    signed = 0
    for leader in {station.leader.id: station.leader for station in day.town.stations}.values():
        for each in await leader.get("/leader/handovers", cycle_id=day.cycle_id):
            await leader.post(f"/leader/handovers/{each['id']}/receipt", {"totes": each["expected_totes"]})
            signed += 1
    await day.world.step()
    waiting = [order for order in await orders_of(day) if order["state"] == "at_station"]
    figures = {"handovers": signed, "at_station": len(waiting)}
    return Told(
        f"{signed} 个自提点签收，{len(waiting)} 单到站，已发提货通知",
        f"{signed} stations signed, members were told",
        figures,
    )


async def _stops(day: Day, driver: Person) -> list[tuple[datetime, Person, Json]]:
    return [
        (datetime.fromisoformat(stop["arrive_at"]), driver, stop)
        for run in await driver.get("/driver/runs")
        if run["cycle_id"] == day.cycle_id and run["state"] == "departed"
        for stop in run["stops"]
    ]


async def _drive(day: Day) -> None:
    """Let all drivers come to their stops in the order of time, as there is one clock for everybody."""
    stops = [stop for stops in await day.world.each(day.town.drivers, lambda each: _stops(day, each)) for stop in stops]
    for due, driver, stop in sorted(stops, key=lambda stop: (stop[0], stop[2]["id"])):
        if day.world.clock.now() < due:
            day.world.clock.set(due)
        await driver.post(f"/driver/stops/{stop['id']}/arrival")
        await driver.post(f"/driver/stops/{stop['id']}/handover", {"totes": stop["totes"]})


async def pickup(day: Day) -> Told:
    """Neighbours come with their codes; some ask twice and hear that it was handed over; some do not come."""
    await day.until("promised_from", timedelta(hours=1))
    await day.until("delivered_by", timedelta(hours=1))
    missing = {order.id for order in day.standing() if day.world.chance(day.shape.does_not_come)}
    coming = [order for order in day.standing() if order.id not in missing]
    await day.world.each(coming, lambda order: _show_code(day, order))
    by_station: dict[str, list[Placed]] = {}
    for order in coming:
        by_station.setdefault(order.station.id, []).append(order)
    stations = [station for station in day.town.stations if station.id in by_station]
    handed = sum(await day.world.each(stations, lambda station: _hand_out(station, by_station[station.id])))
    await day.world.step()
    collected = [order for order in coming if order.collected]
    again = collected[: max(1, len(collected) // 50)]
    twice = [await _twice(order) for order in again]
    if not all(twice):
        raise AssertionError("a second pickup of the same order was not told that it was handed over before")
    figures = {"collected_orders": handed, "asked_twice": len(twice), "did_not_come": len(missing)}
    return Told(
        f"{handed} 单凭码提走，{len(missing)} 单没人来取，等候中",
        f"{handed} collected, {len(missing)} still wait",
        figures,
    )


async def _show_code(day: Day, order: Placed) -> None:
    """Open the order in the app and read the code; neighbours without the app are found by the leader in the list."""
    if order.member is not None:
        shown = await order.member.person.get(f"/app/orders/{order.id}")
        order.code = shown["pickup_code"] or ""
        if shown["state"] != "at_station":
            raise AssertionError(f"order {order.id} is {shown['state']} when its member comes")


async def _hand_out(station: Station, orders: list[Placed]) -> int:
    """Hand out what people came for; who left something waiting on another day gets it with the same code."""
    handed = 0
    for order in orders:
        asked = {"code": order.code} if order.code else {"order_ids": [order.id]}
        done = await station.leader.post("/leader/pickups", {"station_id": station.id, **asked})
        order.collected = any(each["order_id"] == order.id and each["complete"] for each in done)
        if not order.collected:
            raise AssertionError(f"order {order.id} was not handed over: {done}")
        handed += sum(each["complete"] and not each["already"] for each in done)
    return handed


async def _twice(order: Placed) -> bool:
    asked = {"station_id": order.station.id, "order_ids": [order.id]}
    done = await order.station.leader.post("/leader/pickups", asked)
    return all(each["already"] for each in done)

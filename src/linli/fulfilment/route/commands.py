"""What happens to routes: planned, loaded, driven, stop by stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linli import ordering, people, sale, warehouse
from linli.fulfilment.fleet.queries import vehicles
from linli.fulfilment.route import store
from linli.fulfilment.route.events import PlanRoutes, RoutesPlanned, RunDeparted
from linli.fulfilment.route.model import RUN, STOP, Place, Plan, PlannedRun, RunState, Task, Van, Visit
from linli.fulfilment.route.queries import NoSuchRun
from linli.fulfilment.route.records import Run, Stop
from linli.fulfilment.route.rules import fits_some, middle
from linli.fulfilment.route.settings import DEPOT, ITERATIONS, SPEED_MPS
from linli.kernel.refusals import Conflict
from linli.platform.database import Tx
from linli.platform.machines import move, move_many
from linli.platform.settings import value_of

DAY_S = 24 * 3600


class TotesDiffer(Conflict):
    """What was loaded is not what the run is to carry; facts: missing, foreign (tote codes)."""

    title = "装车周转箱不符"


class PlanOutdated(Conflict):
    """A van departed while the plan was made; facts: stations."""

    title = "有车辆已出发，请重新排线"


class NotThereYet(Conflict):
    """The run has not departed, so no station can be reached."""

    title = "车辆尚未出发"


async def plan_routes(tx: Tx, *, cycle_id: int) -> None:
    """Wish for the routes of a cycle to be planned, or planned again; what departed stays as it is."""
    await sale.cycle(tx, cycle_id)
    await tx.enqueue(PlanRoutes(cycle_id))


async def task_of(tx: Tx, *, cycle_id: int) -> Task:
    """Gather what a plan is made from: the delivered stations that have totes and are not on the road, and the vans.

    A van that is on the road can be planned again from its return on. Once the promised hour has passed, a station is
    still to get its goods while it is open.
    """
    cycle = await sale.cycle(tx, cycle_id)
    visits = await _visits(tx, cycle)
    midnight = _midnight(cycle)
    earliest = int((max(cycle.sorted_by, tx.now) - midnight).total_seconds())
    back = await store.vans_on_the_road(tx, cycle_id)
    free = {van_id: int((at - midnight).total_seconds()) for van_id, at in back.items()}
    vans = tuple(
        Van(van.id, van.capacity_g, van.capacity_ml, from_s, van.shift_until * 60)
        for van in await vehicles(tx, only_active=True)
        if (from_s := max(van.shift_from * 60, earliest, free.get(van.id, 0))) < van.shift_until * 60
    )
    depot = await value_of(tx, DEPOT)
    place = Place(**depot) if depot else middle([visit.place for visit in visits])
    speed, iterations = await value_of(tx, SPEED_MPS), await value_of(tx, ITERATIONS)
    return Task(place, visits, vans, speed, seed=cycle_id % 2**31, iterations=iterations)


async def _visits(tx: Tx, cycle: sale.CycleValue) -> tuple[Visit, ...]:
    gone = await store.stations_on_the_road(tx, cycle.id)
    weights, volumes = Counter[int](), Counter[int]()
    for tote in await warehouse.totes(tx, cycle.id):
        weights[tote.station_id] += tote.weight_g
        volumes[tote.station_id] += tote.volume_ml
    stations = await people.stations(tx, weights)
    promised = int((cycle.delivered_by - _midnight(cycle)).total_seconds()) if tx.now < cycle.delivered_by else DAY_S
    return tuple(
        Visit(
            station.id, Place(station.lat_e6, station.lng_e6), weights[station.id], volumes[station.id],
            station.unload_minutes * 60,
            station.opens_minute * 60, max(station.opens_minute * 60, min(station.closes_minute * 60, promised)),
        )
        for station in sorted(stations.values(), key=lambda station: station.id)
        if station.mode == "delivery" and station.id not in gone
    )  # fmt: skip


def _midnight(cycle: sale.CycleValue) -> datetime:
    local = datetime.combine(cycle.delivery_date, datetime.min.time(), ZoneInfo(cycle.timezone))
    return local.astimezone(cycle.delivered_by.tzinfo)


async def keep_plan(tx: Tx, *, cycle_id: int, plan: Plan) -> int:
    """Write a plan in place of what has not departed; returns how many runs it has; the unserved stations are named.

    Refuses PlanOutdated, writing nothing, when a planned station departed while the plan was made.
    """
    cycle = await sale.cycle(tx, cycle_id)
    before = await store.lock_plan(tx, cycle_id)
    replaced = await move_many(tx, Run, RUN, "replace", Run.cycle_id == cycle_id)
    planned = {stop.station_id for run in plan.runs for stop in run.stops} | set(plan.unserved)
    departed = planned & await store.stations_on_the_road(tx, cycle_id)
    if departed:
        raise PlanOutdated("a van departed meanwhile: plan again", stations=[str(each) for each in sorted(departed)])
    await store.drop_stops(tx, replaced)
    version = before.version + 1
    runs, stops = await _rows(tx, cycle, plan.runs, version)
    await store.add_runs(tx, runs, stops)
    await store.note_plan(tx, cycle_id, version, plan.unserved)
    await tx.announce(RoutesPlanned(cycle_id, len(runs), plan.unserved))
    return len(runs)


async def _rows(
    tx: Tx, cycle: sale.CycleValue, plan: Sequence[PlannedRun], version: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    drivers = {van.id: van.driver_id for van in await vehicles(tx)}
    held: dict[int, list[Any]] = {}
    for tote in await warehouse.totes(tx, cycle.id):
        held.setdefault(tote.station_id, []).append(tote)
    midnight, runs, stops = _midnight(cycle), [], []
    for planned in plan:
        run_id, *stop_ids = await tx.new_ids(1 + len(planned.stops), cycle.delivery_date)
        carried = [tote for stop in planned.stops for tote in held[stop.station_id]]
        runs.append(
            {
                "id": run_id, "cycle_id": cycle.id, "vehicle_id": planned.vehicle_id, "version": version,
                "driver_id": drivers[planned.vehicle_id], "state": RunState.PLANNED, "departed_at": None,
                "distance_m": planned.distance_m, "weight_g": sum(tote.weight_g for tote in carried),
                "volume_ml": sum(tote.volume_ml for tote in carried),
                "depart_at": midnight + timedelta(seconds=planned.depart_s),
                "return_at": midnight + timedelta(seconds=planned.return_s),
            }
        )  # fmt: skip
        for position, (stop_id, stop) in enumerate(zip(stop_ids, planned.stops, strict=True), start=1):
            totes = held[stop.station_id]
            stops.append(
                {
                    "id": stop_id, "run_id": run_id, "cycle_id": cycle.id, "position": position,
                    "station_id": stop.station_id, "state": STOP.initial, "dropped": False, "arrived_at": None,
                    "arrive_at": midnight + timedelta(seconds=stop.arrive_s), "totes": len(totes),
                    "pieces": sum(tote.pieces for tote in totes),
                }
            )  # fmt: skip
    return runs, stops


def unreachable(task: Task) -> tuple[int, ...]:
    """Return the stations whose load fits no vehicle at all, or all of them where there is no vehicle."""
    return tuple(visit.station_id for visit in task.visits if not fits_some(visit, task.vans))


async def load(tx: Tx, *, run_id: int, driver_id: int, tote_codes: Collection[str]) -> None:
    """Confirm the load of a run by its totes' codes; refuses NoSuchRun, TotesDiffer and WrongState."""
    run = await _own(tx, run_id, driver_id)
    stations = await store.stations_of(tx, run.id)
    expected = {tote.code for tote in await warehouse.totes(tx, run.cycle_id) if tote.station_id in stations}
    missing, foreign = sorted(expected - set(tote_codes)), sorted(set(tote_codes) - expected)
    if missing or foreign:
        raise TotesDiffer("scan every tote of the run, and no other", missing=missing, foreign=foreign)
    await move(tx, Run, RUN, "load", key={"id": run_id})


async def depart(tx: Tx, *, run_id: int, driver_id: int) -> None:
    """Send a loaded run off: its orders are on the way; refuses NoSuchRun and WrongState; twice is once."""
    run = await _own(tx, run_id, driver_id)
    if not await move(tx, Run, RUN, "depart", key={"id": run_id}, values={"departed_at": tx.now}):
        return
    if (await sale.cycle(tx, run.cycle_id)).state == "sorting":
        await sale.advance(tx, cycle_id=run.cycle_id, verb="deliver")
    stations = await store.stations_of(tx, run.id)
    for station_id in stations:
        await ordering.advance_orders(tx, cycle_id=run.cycle_id, verb="depart", station_id=station_id)
    await tx.announce(RunDeparted(run.cycle_id, run_id, tuple(stations)))


async def arrive(tx: Tx, *, stop_id: int, driver_id: int) -> int:
    """Note the arrival at a stop; returns its station's id; refuses NoSuchRun and NotThereYet; twice is once."""
    run, stop = await own_stop(tx, stop_id=stop_id, driver_id=driver_id)
    if run.state != RunState.DEPARTED:
        raise NotThereYet("the run has not departed", state=run.state)
    await move(tx, Stop, STOP, "arrive", key={"id": stop_id}, values={"arrived_at": tx.now})
    return stop.station_id


async def finish_stop(tx: Tx, *, stop: Stop, run: Run) -> None:
    """Close a stop after its handover, and the run with its last stop."""
    await move(tx, Stop, STOP, "finish", key={"id": stop.id})
    if not await store.open_stops(tx, run.id):
        await move(tx, Run, RUN, "finish", key={"id": run.id})


async def own_stop(tx: Tx, *, stop_id: int, driver_id: int) -> tuple[Run, Stop]:
    """Lock a driver's stop and its run; refuses NoSuchRun."""
    found = await store.locked_stop(tx, stop_id, driver_id)
    if found is None:
        raise NoSuchRun(f"no stop {stop_id}")
    return found


async def _own(tx: Tx, run_id: int, driver_id: int) -> Run:
    run = await store.locked_run(tx, run_id, driver_id)
    if run is None:
        raise NoSuchRun(f"no run {run_id}")
    return run

"""The job that plans routes: reads, solves with no transaction open, writes."""

from __future__ import annotations

import asyncio

from pyvrp import Model
from pyvrp.stop import MaxIterations

from linli.fulfilment.route.commands import keep_plan, task_of, unreachable
from linli.fulfilment.route.events import PlanRoutes
from linli.fulfilment.route.model import Plan, PlannedRun, PlannedStop, Task, Visit
from linli.fulfilment.route.rules import broken, street_metres
from linli.platform.installation import Installation
from linli.platform.jobs import carries

LEFT_OUT = 10_000_000  # what it costs to leave a station out, in metres: more than any detour


class PlanBroken(RuntimeError):
    """The solver's plan does not keep the bounds: it is not used, and the job is tried again."""


@carries(PlanRoutes)
async def plan(installation: Installation, region_id: int, wish: PlanRoutes) -> None:
    """Plan the routes of a cycle; planned again it replaces what has not departed."""
    async with installation.db.transaction(region_id, by="system:routes") as tx:
        task = await task_of(tx, cycle_id=wish.cycle_id)
    found = await asyncio.to_thread(solve, task)
    wrong = broken(task, found)
    if wrong:
        raise PlanBroken("; ".join(wrong))
    await installation.db.run(
        lambda tx: keep_plan(tx, cycle_id=wish.cycle_id, plan=found), region_id, by="system:routes"
    )


def solve(task: Task) -> Plan:
    """Return trips that keep loads, windows and shifts at little way; the same task gives the same plan.

    A station for which no vehicle has room or time is named as unserved, never dropped silently.
    """
    hopeless = set(unreachable(task))
    visits = [visit for visit in task.visits if visit.station_id not in hopeless]
    if not visits or not task.vans:
        return Plan((), tuple(visit.station_id for visit in task.visits))
    model = _model(task, visits)
    best = model.solve(MaxIterations(task.iterations), seed=task.seed % 2**31, display=False, collect_stats=False).best
    runs, served = [], set()
    for route in best.routes():
        stops = tuple(
            PlannedStop(visits[step.idx].station_id, step.start_time) for step in route.schedule() if step.is_client()
        )
        served |= {stop.station_id for stop in stops}
        vehicle_id = task.vans[route.vehicle_type()].vehicle_id
        runs.append(PlannedRun(vehicle_id, route.distance(), route.start_time(), route.end_time(), stops))
    left = tuple(visit.station_id for visit in task.visits if visit.station_id not in served)
    return Plan(tuple(runs), left)


def _model(task: Task, visits: list[Visit]) -> Model:
    model = Model()
    places = [task.depot, *(visit.place for visit in visits)]
    points = [model.add_location(place.lng_e6, place.lat_e6) for place in places]
    depot = model.add_depot(points[0])
    for visit, point in zip(visits, points[1:], strict=True):
        model.add_client(
            point, delivery=[visit.weight_g, visit.volume_ml], service_duration=visit.unload_s,
            tw_early=visit.from_s, tw_late=visit.until_s, required=False, prize=LEFT_OUT,
        )  # fmt: skip
    for van in task.vans:
        model.add_vehicle_type(
            capacity=[van.capacity_g, van.capacity_ml], start_depot=depot, end_depot=depot, tw_early=van.from_s,
            tw_late=van.until_s, fixed_cost=2_000, unit_distance_cost=1,
        )  # fmt: skip
    for one, start in zip(places, points, strict=True):
        for other, end in zip(places, points, strict=True):
            if start is not end:
                metres = street_metres(one, other)
                model.add_edge(start, end, distance=metres, duration=metres // task.speed_mps)
    return model

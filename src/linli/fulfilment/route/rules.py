"""Pure geometry and bounds of route planning."""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt

from linli.fulfilment.route.model import Place, Plan, Task, Van, Visit

EARTH_M = 6_371_008.8  # mean radius in metres (IUGG)
DETOUR = 1.35  # how much longer streets are than the great circle; a planning factor until a road matrix is given


def street_metres(one: Place, other: Place) -> int:
    """Return the estimated way between two points in whole metres: great circle (haversine) times the detour factor."""
    lat1, lng1, lat2, lng2 = (radians(v / 1e6) for v in (one.lat_e6, one.lng_e6, other.lat_e6, other.lng_e6))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lng2 - lng1) / 2) ** 2
    return round(2 * EARTH_M * asin(min(1.0, sqrt(half))) * DETOUR)


def middle(places: Sequence[Place]) -> Place:
    """Return the middle of places: where a warehouse is assumed while none is set."""
    count = max(1, len(places))
    return Place(sum(p.lat_e6 for p in places) // count, sum(p.lng_e6 for p in places) // count)


def fits_some(visit: Visit, vans: Sequence[Van]) -> bool:
    """Tell whether a station's load fits at least one empty vehicle."""
    return any(visit.weight_g <= van.capacity_g and visit.volume_ml <= van.capacity_ml for van in vans)


def broken(task: Task, plan: Plan) -> list[str]:
    """Return what is wrong with a plan: a station twice or missing, a van over its load, a visit outside its window."""
    visits = {visit.station_id: visit for visit in task.visits}
    vans = {van.vehicle_id: van for van in task.vans}
    seen = [stop.station_id for run in plan.runs for stop in run.stops] + list(plan.unserved)
    wrong = [] if sorted(seen) == sorted(visits) else ["every station is visited once or named as unserved"]
    for run in plan.runs:
        van, stops = vans[run.vehicle_id], [visits[stop.station_id] for stop in run.stops]
        if sum(v.weight_g for v in stops) > van.capacity_g or sum(v.volume_ml for v in stops) > van.capacity_ml:
            wrong.append(f"van {run.vehicle_id} carries too much")
        for visit, stop in zip(stops, run.stops, strict=True):
            if not visit.from_s <= stop.arrive_s <= visit.until_s:
                wrong.append(f"station {visit.station_id} is visited outside its window")
        if run.depart_s < van.from_s or run.return_s > van.until_s:
            wrong.append(f"van {run.vehicle_id} drives outside its shift")
    return wrong

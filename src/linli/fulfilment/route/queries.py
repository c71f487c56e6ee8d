"""Reading runs and stops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from linli import people, sale, warehouse
from linli.fulfilment.fleet.queries import vehicles
from linli.fulfilment.route.model import RunState, RunValue, StopGuide, StopValue
from linli.fulfilment.route.records import RoutePlan, Run, Stop
from linli.kernel.refusals import NotFound
from linli.platform import papers
from linli.platform.database import Tx

RUN_FIELDS = [name for name in RunValue.__dataclass_fields__ if name != "stops"]
STOP_FIELDS = list(StopValue.__dataclass_fields__)


class NoSuchRun(NotFound):
    """There is no such run, or it is another driver's."""

    title = "没有这条线路"


async def runs(tx: Tx, cycle_id: int) -> list[RunValue]:
    """Return the runs of a cycle with their stops in order; replaced ones are left out."""
    return await _runs(tx, Run.cycle_id == cycle_id, Run.state != RunState.REPLACED)


async def runs_of_driver(tx: Tx, driver_id: int) -> list[RunValue]:
    """Return a driver's runs that are not finished."""
    gone = [RunState.REPLACED, RunState.FINISHED]
    return await _runs(tx, Run.driver_id == driver_id, Run.state.not_in(gone))


async def run(tx: Tx, run_id: int, *, driver_id: int | None = None) -> RunValue:
    """Return one run (of a driver); refuses NoSuchRun."""
    own = () if driver_id is None else (Run.driver_id == driver_id,)
    found = await _runs(tx, Run.id == run_id, *own)
    if not found:
        raise NoSuchRun(f"no run {run_id}")
    return found[0]


async def unserved(tx: Tx, cycle_id: int) -> list[int] | None:
    """Return the stations that the newest plan of a cycle leaves out; None before there is a plan."""
    here = (RoutePlan.region_id == tx.region_id, RoutePlan.id == cycle_id, RoutePlan.version > 0)
    found = await tx.scalar(select(RoutePlan.unserved).where(*here))
    return None if found is None else [int(station) for station in found]


async def _runs(tx: Tx, *where: Any) -> list[RunValue]:
    rows = await tx.all(select(Run).where(Run.region_id == tx.region_id, *where).order_by(Run.id))
    of = (Stop.region_id == tx.region_id, Stop.run_id.in_([row.id for row in rows]))
    stops = await tx.all(select(Stop).where(*of).order_by(Stop.run_id, Stop.position)) if rows else []
    by_run: dict[int, list[StopValue]] = {row.id: [] for row in rows}
    for stop in stops:
        by_run[stop.run_id].append(StopValue(**{name: getattr(stop, name) for name in STOP_FIELDS}))
    return [RunValue(**{name: getattr(row, name) for name in RUN_FIELDS}, stops=tuple(by_run[row.id])) for row in rows]


async def guides(tx: Tx, found: Sequence[RunValue]) -> dict[int, StopGuide]:
    """Return by stop what drivers need there; of the leader's phone only the last digits."""
    stops = [stop for run in found for stop in run.stops]
    stations = await people.stations(tx, {stop.station_id for stop in stops}) if stops else {}
    leaders = await people.leaders(tx, {station.leader_id for station in stations.values()}) if stations else {}
    codes: dict[tuple[int, int], list[str]] = {}
    for cycle_id in sorted({run.cycle_id for run in found}):
        for tote in await warehouse.totes(tx, cycle_id):
            codes.setdefault((cycle_id, tote.station_id), []).append(tote.code)
    return {
        stop.id: _guide(
            stations[stop.station_id], leaders[stations[stop.station_id].leader_id],
            codes.get((run.cycle_id, stop.station_id), []),
        )
        for run in found
        for stop in run.stops
    }  # fmt: skip


def _guide(station: people.StationValue, leader: people.LeaderValue, codes: Sequence[str]) -> StopGuide:
    return StopGuide(
        station.name, station.community_name, station.address, station.lat_e6, station.lng_e6, station.opens_minute,
        station.closes_minute, leader.name, f"****{leader.phone_tail}", tuple(codes),
    )  # fmt: skip


async def sheet_of(tx: Tx, run: RunValue) -> papers.RouteSheet:
    """Return what a run's route sheet is printed from."""
    cycle = await sale.cycle(tx, run.cycle_id)
    stations = await people.stations(tx, [stop.station_id for stop in run.stops])
    leaders = await people.leaders(tx, {station.leader_id for station in stations.values()})
    held: dict[int, list[warehouse.ToteValue]] = {id: [] for id in stations}
    for tote in await warehouse.totes(tx, run.cycle_id):
        if tote.station_id in held:
            held[tote.station_id].append(tote)
    [van] = [van for van in await vehicles(tx) if van.id == run.vehicle_id]
    midnight = datetime.combine(cycle.delivery_date, datetime.min.time(), ZoneInfo(cycle.timezone))
    stops = []
    for stop in run.stops:
        station, totes = stations[stop.station_id], held[stop.station_id]
        leader = leaders[station.leader_id]
        stops.append(
            papers.RouteStop(
                station.name, station.community_name, leader.name, f"****{leader.phone_tail}", station.address,
                stop.arrive_at, midnight + timedelta(minutes=station.opens_minute),
                midnight + timedelta(minutes=station.closes_minute), tuple(tote.code for tote in totes), stop.pieces,
                cold=any(tote.storage_class != "ambient" for tote in totes),
            )
        )  # fmt: skip
    head = papers.Head("邻里", (await people.region(tx, tx.region_id)).name, tx.now, cycle.timezone)
    return papers.RouteSheet(
        head, str(run.id), cycle.delivery_date, f"司机 {run.driver_id}", "", van.plate, run.depart_at, run.return_at,
        run.distance_m, tuple(stops), papers.Code(str(run.id)),
    )  # fmt: skip

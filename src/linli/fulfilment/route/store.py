"""SQL of routes that commands need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from linli.fulfilment.route.model import RunState
from linli.fulfilment.route.records import RoutePlan, Run, Stop
from linli.platform.database import Tx


async def lock_plan(tx: Tx, cycle_id: int) -> RoutePlan:
    """Lock the plan row of a cycle, making it when there is none: only one planner at a time writes."""
    row = {"region_id": tx.region_id, "id": cycle_id, "version": 0, "unserved": [], "planned_at": tx.now}
    await tx.execute(pg_insert(RoutePlan).values(**row).on_conflict_do_nothing())
    here = (RoutePlan.region_id == tx.region_id, RoutePlan.id == cycle_id)
    found = await tx.first(select(RoutePlan).where(*here).with_for_update())
    assert found is not None
    return found


async def note_plan(tx: Tx, cycle_id: int, version: int, unserved: Sequence[int]) -> None:
    """Write the plan's version and the stations it leaves out."""
    here = (RoutePlan.region_id == tx.region_id, RoutePlan.id == cycle_id)
    values = {"version": version, "unserved": [str(station) for station in unserved], "planned_at": tx.now}
    await tx.execute(update(RoutePlan).where(*here).values(**values))


async def drop_stops(tx: Tx, run_ids: Sequence[int]) -> None:
    """Mark the stops of replaced runs as dropped, so that their stations can be planned again."""
    here = (Stop.region_id == tx.region_id, Stop.run_id.in_(run_ids))
    await tx.execute(update(Stop).where(*here).values(dropped=True))


async def add_runs(tx: Tx, runs: Sequence[dict[str, Any]], stops: Sequence[dict[str, Any]]) -> None:
    """Insert runs and their stops."""
    if runs:
        await tx.execute(insert(Run), [{"region_id": tx.region_id, **row} for row in runs])
        await tx.execute(insert(Stop), [{"region_id": tx.region_id, **row} for row in stops])


async def locked_run(tx: Tx, run_id: int, driver_id: int) -> Run | None:
    """Lock a driver's run."""
    here = (Run.region_id == tx.region_id, Run.id == run_id, Run.driver_id == driver_id)
    return await tx.first(select(Run).where(*here).with_for_update())


async def locked_stop(tx: Tx, stop_id: int, driver_id: int) -> tuple[Run, Stop] | None:
    """Lock a stop that is not dropped and its run, of one driver."""
    here = (Stop.region_id == tx.region_id, Stop.id == stop_id, Stop.dropped.is_(False))
    run_id = await tx.scalar(select(Stop.run_id).where(*here))
    run = await locked_run(tx, run_id, driver_id) if run_id else None
    stop = await tx.first(select(Stop).where(*here).with_for_update()) if run else None
    return (run, stop) if run and stop else None


async def stations_on_the_road(tx: Tx, cycle_id: int) -> set[int]:
    """Return the stations of a cycle whose run departed or is finished: a new plan leaves them alone."""
    joined = (Run.region_id == Stop.region_id) & (Run.id == Stop.run_id)
    here = (Stop.region_id == tx.region_id, Run.region_id == tx.region_id, Stop.cycle_id == cycle_id)
    gone = Run.state.in_([RunState.DEPARTED, RunState.FINISHED])
    return {row[0] for row in await tx.execute(select(Stop.station_id).join(Run, joined).where(*here, gone))}


async def vans_on_the_road(tx: Tx, cycle_id: int) -> dict[int, datetime]:
    """Return the vans that departed with goods of a cycle and are not through, with when they are to be back."""
    here = (Run.region_id == tx.region_id, Run.cycle_id == cycle_id, Run.state == RunState.DEPARTED)
    back = select(Run.vehicle_id, func.max(Run.return_at)).where(*here).group_by(Run.vehicle_id)
    return {row[0]: row[1] for row in await tx.execute(back)}


async def open_stops(tx: Tx, run_id: int) -> int:
    """Return how many stops of a run are not done."""
    here = (Stop.region_id == tx.region_id, Stop.run_id == run_id, Stop.state != "done")
    return len((await tx.execute(select(Stop.id).where(*here))).all())


async def stations_of(tx: Tx, run_id: int) -> list[int]:
    """Return the stations of a run in the order of its stops."""
    here = (Stop.region_id == tx.region_id, Stop.run_id == run_id)
    return [row[0] for row in await tx.execute(select(Stop.station_id).where(*here).order_by(Stop.position))]

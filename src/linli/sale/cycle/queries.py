"""Reading cycles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import date

from sqlalchemy import select

from linli.kernel.refusals import NotFound
from linli.people import clock_of
from linli.platform.database import Hot, Tx
from linli.sale.cycle import rules, store
from linli.sale.cycle.model import CycleState, CycleValue
from linli.sale.cycle.records import Cycle

NAMES = [field.name for field in fields(CycleValue)]
BY_ID = Hot(f"SELECT {', '.join(NAMES)} FROM sale.cycles WHERE region_id = :region_id AND id = ANY(:ids)")


class NoSuchCycle(NotFound):
    """There is no cycle with this id in this region."""

    title = "没有这个团期"


def value(row: Cycle) -> CycleValue:
    """Return a row as the plain value other rooms get."""
    return CycleValue(**{**{name: getattr(row, name) for name in NAMES}, "station_ids": tuple(row.station_ids)})


async def cycle(tx: Tx, cycle_id: int) -> CycleValue:
    """Return one cycle; refuses NoSuchCycle."""
    row = await store.find(tx, cycle_id)
    if row is None:
        raise NoSuchCycle(f"no cycle {cycle_id}", cycle_id=cycle_id)
    return value(row)


async def current_cycles(tx: Tx, station_id: int | None = None) -> list[CycleValue]:
    """Return the cycles in which can be ordered now (of a station, when given), the next cut-off first."""
    here = (Cycle.region_id == tx.region_id, Cycle.state == CycleState.OPEN, Cycle.cut_off_at > tx.now)
    found = [value(row) for row in await tx.all(select(Cycle).where(*here).order_by(Cycle.cut_off_at, Cycle.id))]
    return [each for each in found if station_id is None or rules.covers(each, station_id)]


async def cycles(tx: Tx, before: int | None = None, limit: int = 50) -> list[CycleValue]:
    """Return a page of cycles, the latest delivery date first, with ids below `before`."""
    page = select(Cycle).where(Cycle.region_id == tx.region_id)
    if before is not None:
        page = page.where(Cycle.id < before)
    return [value(row) for row in await tx.all(page.order_by(Cycle.id.desc()).limit(limit))]


async def cycles_by_id(tx: Tx, ids: Collection[int]) -> dict[int, CycleValue]:
    """Return the region's cycles of these ids."""
    found = await tx.quick(BY_ID, {"region_id": tx.region_id, "ids": sorted(ids)}) if ids else []
    values = [dict(zip(NAMES, row, strict=True)) for row in found]
    return {each["id"]: CycleValue(**each | {"station_ids": tuple(each["station_ids"])}) for each in values}


async def cycles_in(tx: Tx, *states: str) -> list[CycleValue]:
    """Return the region's cycles that stand in one of these states, by id."""
    here = (Cycle.region_id == tx.region_id, Cycle.state.in_(states))
    return [value(row) for row in await tx.all(select(Cycle).where(*here).order_by(Cycle.id))]


async def publishable(tx: Tx, delivery_date: date) -> bool:
    """Tell whether the region's clock lets a cycle for this delivery date be published now."""
    return not rules.publish_trouble(delivery_date, await clock_of(tx), tx.now)

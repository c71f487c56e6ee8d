"""Publishing a cycle and moving it through night and day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from linli.kernel.refusals import BadInput, Conflict
from linli.people import clock_of, stations
from linli.platform.database import Tx
from linli.platform.machines import move
from linli.sale.cycle import rules, store
from linli.sale.cycle.events import CyclePublished, CycleSettled
from linli.sale.cycle.model import CYCLE, Scope
from linli.sale.cycle.queries import cycle
from linli.sale.cycle.records import Cycle

NIGHT_AND_DAY = ("buy", "receive", "sort", "deliver", "collect", "settle")


class DeliveryDateRefused(BadInput):
    """The delivery date is past, too far away, or its cut-off has passed; facts: reason."""

    title = "交货日期不可用"


class CyclePublishedAlready(Conflict):
    """The region has a cycle for this delivery date."""

    title = "该交货日已有团期"


class StationUnknown(BadInput):
    """A cycle was meant for a station that this region does not have, or for none at all."""

    title = "自提点不存在"


async def publish(tx: Tx, *, delivery_date: date, station_ids: Sequence[int] = ()) -> int:
    """Plan a cycle for a delivery date, for the region or the named stations; returns its id, which carries that day.

    The instants are copied from the region's clock. The day's partitions must exist (`ensure_partitions`).
    Refuses DeliveryDateRefused, StationUnknown and CyclePublishedAlready.
    """
    clock = await clock_of(tx)
    if trouble := rules.publish_trouble(delivery_date, clock, tx.now):
        raise DeliveryDateRefused(f"{delivery_date} cannot be published: {trouble}", reason=trouble)
    named = sorted(set(station_ids))
    if named and (missing := set(named) - (await stations(tx, named)).keys()):
        raise StationUnknown("no such station", stations=sorted(missing))
    cycle_id = await tx.new_id(delivery_date)
    row = {
        "region_id": tx.region_id,
        "id": cycle_id,
        "delivery_date": delivery_date,
        "state": CYCLE.initial,
        "scope": Scope.STATIONS if named else Scope.REGION,
        "station_ids": named,
        "timezone": clock.timezone,
        **rules.instants(clock.instants(delivery_date)),
        "hold_minutes": clock.hold_minutes,
        "hold_minutes_last_hour": clock.hold_minutes_last_hour,
        "grace_minutes": clock.cut_off_grace,
        "closings": 0,
        "closed_at": None,
        "made_at": tx.now,
        "by": tx.by,
    }
    if not await store.add(tx, row):
        raise CyclePublishedAlready(f"there is a cycle for {delivery_date}", delivery_date=delivery_date)
    await tx.announce(CyclePublished(cycle_id, delivery_date.isoformat()))
    return cycle_id


async def advance(tx: Tx, *, cycle_id: int, verb: str) -> bool:
    """Move a cycle on by buy, receive, sort, deliver, collect or settle; True when it moved, False when it stood there.

    Refuses WrongState. Opening and closing are not done here: they move the offers too.
    """
    if verb not in NIGHT_AND_DAY:
        raise ValueError(f"advance does not {verb}")
    moved = await move(tx, Cycle, CYCLE, verb, key={"id": cycle_id})
    if moved and verb == "settle":
        await tx.announce(CycleSettled(cycle_id, (await cycle(tx, cycle_id)).delivery_date.isoformat()))
    return moved

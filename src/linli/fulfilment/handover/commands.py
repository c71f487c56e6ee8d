"""What happens at a station: totes are expected, set down by the driver, counted and signed by the leader."""

from __future__ import annotations

from linli import ordering, people, sale, warehouse
from linli.fulfilment.handover import store
from linli.fulfilment.handover.events import StationDelivered, StationSupplied
from linli.fulfilment.handover.model import HANDOVER, HandoverState
from linli.fulfilment.handover.records import Handover
from linli.fulfilment.route.commands import finish_stop, own_stop
from linli.fulfilment.route.model import StopState
from linli.kernel.refusals import Conflict, NotFound
from linli.platform.database import Tx
from linli.platform.machines import move


class NoSuchHandover(NotFound):
    """There is no such handover, or it is another leader's."""

    title = "没有这个交接单"


class NotArrived(Conflict):
    """The driver has not noted the arrival at this stop."""

    title = "请先确认到站"


class NotDelivered(Conflict):
    """The van has not set the totes down yet."""

    title = "货还没送到"


async def expect_handovers(tx: Tx, *, cycle_id: int) -> int:
    """Write down what each station of a sorted cycle is to get; returns how many were new; safe to repeat."""
    cycle = await sale.cycle(tx, cycle_id)
    held: dict[int, list[warehouse.ToteValue]] = {}
    for tote in await warehouse.totes(tx, cycle_id):
        held.setdefault(tote.station_id, []).append(tote)
    stations = await people.stations(tx, list(held))
    ids = await tx.new_ids(len(held), cycle.delivery_date) if held else []
    rows = [
        {
            "id": id, "cycle_id": cycle_id, "station_id": station_id, "leader_id": stations[station_id].leader_id,
            "mode": stations[station_id].mode, "state": HANDOVER.initial, "expected_totes": len(held[station_id]),
            "expected_pieces": sum(tote.pieces for tote in held[station_id]), "driver_id": None,
            "driver_totes": None, "leader_totes": None, "note": "", "delivered_at": None, "received_at": None,
        }
        for id, station_id in zip(ids, sorted(held), strict=True)
    ]  # fmt: skip
    return await store.add(tx, rows)


async def set_down(tx: Tx, *, stop_id: int, driver_id: int, totes: int, note: str = "") -> int:
    """Sign as the driver that so many totes were set down at a stop; returns the handover's id; twice is once.

    Refuses NoSuchRun, NotArrived and NoSuchHandover.
    """
    run, stop = await own_stop(tx, stop_id=stop_id, driver_id=driver_id)
    found = await store.locked(tx, Handover.cycle_id == stop.cycle_id, Handover.station_id == stop.station_id)
    if found is None:
        raise NoSuchHandover(f"nothing is expected at station {stop.station_id}")
    if stop.state == StopState.PLANNED:
        raise NotArrived("note the arrival first")
    if found.state != HandoverState.EXPECTED:
        return found.id
    values = {"driver_id": driver_id, "driver_totes": totes, "note": note, "delivered_at": tx.now}
    await move(tx, Handover, HANDOVER, "deliver", key={"id": found.id}, values=values)
    await finish_stop(tx, stop=stop, run=run)
    await tx.announce(StationSupplied(found.id, found.cycle_id, found.station_id, found.leader_id, totes))
    return found.id


async def receive(tx: Tx, *, handover_id: int, leader_id: int, totes: int, note: str = "") -> bool:
    """Sign as the leader for so many totes: the station's orders can be collected; False when it was signed before.

    A leader who collects at the warehouse signs without a driver. Refuses NoSuchHandover and NotDelivered.
    """
    found = await store.locked(tx, Handover.id == handover_id, Handover.leader_id == leader_id)
    if found is None:
        raise NoSuchHandover(f"no handover {handover_id}")
    if found.state == HandoverState.EXPECTED and found.mode == "delivery":
        raise NotDelivered("the van has not been there")
    values = {"leader_totes": totes, "received_at": tx.now, "note": "；".join(filter(None, (found.note, note)))}
    if not await move(tx, Handover, HANDOVER, "receive", key={"id": handover_id}, values=values):
        return False
    await _at_station(tx, found.cycle_id, found.station_id)
    counted = totes - found.expected_totes
    driver = None if found.driver_totes is None else totes - found.driver_totes
    await tx.announce(StationDelivered(found.id, found.cycle_id, found.station_id, leader_id, counted, driver))
    return True


async def _at_station(tx: Tx, cycle_id: int, station_id: int) -> None:
    for verb in ("depart", "arrive"):
        await ordering.advance_orders(tx, cycle_id=cycle_id, verb=verb, station_id=station_id)
    if (await sale.cycle(tx, cycle_id)).state == "sorting":
        await sale.advance(tx, cycle_id=cycle_id, verb="deliver")


async def note_all_signed(tx: Tx, *, cycle_id: int) -> bool:
    """Let a cycle be collected once every station has signed; True when it was the last one; safe to repeat.

    It runs after each signature was committed: of two leaders who sign at the same instant neither sees the other's.
    """
    if (await sale.cycle(tx, cycle_id)).state != "delivering" or await store.still_open(tx, cycle_id):
        return False
    return await sale.advance(tx, cycle_id=cycle_id, verb="collect")

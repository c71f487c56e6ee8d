"""What can be done with vehicles."""

from __future__ import annotations

from linli.fulfilment.fleet import store
from linli.fulfilment.fleet.model import VehicleValue
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx


class PlateTaken(Conflict):
    """The region has a vehicle with this plate."""

    title = "车牌已登记"


class ShiftImpossible(BadInput):
    """A shift begins before it ends, on one day."""

    title = "班次时间不对"


async def add_vehicle(
    tx: Tx,
    *,
    plate: str,
    capacity_g: int,
    capacity_ml: int,
    chilled: bool = False,
    driver_id: int = 0,
    shift_from: int = 13 * 60,
    shift_until: int = 20 * 60,
) -> VehicleValue:
    """Add a vehicle that carries so many grams and ml; `driver_id` is the account of its driver; refuses PlateTaken."""
    if not 0 <= shift_from < shift_until <= 24 * 60:
        raise ShiftImpossible("the shift must begin before it ends")
    row = {
        "id": await tx.new_id(), "plate": plate, "capacity_g": capacity_g, "capacity_ml": capacity_ml,
        "chilled": chilled, "driver_id": driver_id, "shift_from": shift_from, "shift_until": shift_until,
        "active": True,
    }  # fmt: skip
    if not await store.add(tx, row):
        raise PlateTaken(f"{plate} is registered", plate=plate)
    return VehicleValue(**row)  # type: ignore[arg-type]

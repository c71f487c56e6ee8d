"""Reading vehicles."""

from __future__ import annotations

from sqlalchemy import select

from linli.fulfilment.fleet.model import VehicleValue
from linli.fulfilment.fleet.records import Vehicle
from linli.platform.database import Tx


async def vehicles(tx: Tx, *, only_active: bool = False) -> list[VehicleValue]:
    """Return the region's vehicles by id."""
    wanted = select(Vehicle).where(Vehicle.region_id == tx.region_id)
    if only_active:
        wanted = wanted.where(Vehicle.active)
    rows = await tx.all(wanted.order_by(Vehicle.id))
    return [VehicleValue(**{name: getattr(row, name) for name in VehicleValue.__dataclass_fields__}) for row in rows]

"""SQL of vehicles that commands need."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert

from linli.fulfilment.fleet.records import Vehicle
from linli.platform.database import Tx


async def add(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a vehicle; False when the region has its plate."""
    fresh = insert(Vehicle).values(region_id=tx.region_id, **row).on_conflict_do_nothing().returning(Vehicle.id)
    return (await tx.execute(fresh)).first() is not None

"""What cycle commands read and write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from linli.platform.database import Tx
from linli.sale.cycle.records import Cycle


async def find(tx: Tx, cycle_id: int) -> Cycle | None:
    """Return a cycle's row."""
    return await tx.first(select(Cycle).where(Cycle.region_id == tx.region_id, Cycle.id == cycle_id))


async def locked(tx: Tx, cycle_id: int) -> Cycle | None:
    """Lock a cycle's row against any other move and return it."""
    here = (Cycle.region_id == tx.region_id, Cycle.id == cycle_id)
    return await tx.first(select(Cycle).where(*here).with_for_update())


async def add(tx: Tx, row: dict[str, Any]) -> bool:
    """Insert a cycle; False when the region has one for this delivery date."""
    made = await tx.execute(insert(Cycle).values(**row).on_conflict_do_nothing().returning(Cycle.id))
    return made.first() is not None


async def set_instants(tx: Tx, cycle_id: int, instants: dict[str, Any]) -> None:
    """Give a cycle other instants."""
    here = (Cycle.region_id == tx.region_id, Cycle.id == cycle_id)
    await tx.execute(update(Cycle).where(*here).values(**instants))

"""SQL of regions, communities and stations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from linli.people.community.records import CommunityRow, RegionRow, StationRow
from linli.platform.database import Tx


async def add_region(tx: Tx, region_id: int, name: str) -> bool:
    """Insert a region; False when the number is taken."""
    fresh = insert(RegionRow).values(id=region_id, name=name, active=True, made_at=tx.now).on_conflict_do_nothing()
    return (await tx.execute(fresh.returning(RegionRow.id))).first() is not None


async def add_community(tx: Tx, values: dict[str, Any]) -> bool:
    """Insert a community of the region; False when the name is taken."""
    fresh = insert(CommunityRow).values(region_id=tx.region_id, made_at=tx.now, **values).on_conflict_do_nothing()
    return (await tx.execute(fresh.returning(CommunityRow.id))).first() is not None


async def add_station(tx: Tx, values: dict[str, Any]) -> bool:
    """Insert a station of the region; False when the name is taken in its community."""
    fresh = insert(StationRow).values(region_id=tx.region_id, made_at=tx.now, **values).on_conflict_do_nothing()
    return (await tx.execute(fresh.returning(StationRow.id))).first() is not None


async def change_station(tx: Tx, station_id: int, values: dict[str, Any]) -> None:
    """Change a station of the region."""
    here = (StationRow.region_id == tx.region_id, StationRow.id == station_id)
    await tx.execute(update(StationRow).where(*here).values(**values))

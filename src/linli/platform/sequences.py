"""Ids in blocks: a process takes a block of numbers of a region and day from one row and hands them out from
memory."""

from __future__ import annotations

import asyncio
from datetime import date

from sqlalchemy import Date, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from linli.kernel.ids import make_id
from linli.platform.manifest import Base, Ref, RegionId, table

SMALLEST_BLOCK, LARGEST_BLOCK = 64, 8192


class Sequence(Base):
    """The next free number of a region and day."""

    __tablename__ = "sequences"
    region_id: Mapped[RegionId]
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    next: Mapped[Ref]
    __table_args__ = (table("platform", "region"),)


TAKE = text(
    "INSERT INTO platform.sequences AS s (region_id, day, next) VALUES (:region_id, :day, :count + 1) "
    "ON CONFLICT (region_id, day) DO UPDATE SET next = s.next + :count RETURNING next - :count"
)


class Sequences:
    """Hands out ids; blocks are taken in short transactions of their own, so a rolled-back command only leaves a
    gap."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._blocks: dict[tuple[int, date], tuple[int, int, int]] = {}
        self._lock = asyncio.Lock()

    async def take(self, region_id: int, day: date, count: int) -> list[int]:
        """Return `count` fresh ascending ids of a region and day."""
        key = (region_id, day)
        async with self._lock:
            start, left, size = self._blocks.get(key, (0, 0, SMALLEST_BLOCK // 2))
            if left < count:
                size = max(count, min(size * 2, LARGEST_BLOCK))
                async with self._engine.connect() as connection:
                    taken = await connection.execute(TAKE, {"region_id": region_id, "day": day, "count": size})
                    start, left = taken.scalar_one(), size
            self._blocks[key] = (start + count, left - count, size)
        return [make_id(region_id, day, number) for number in range(start, start + count)]

    async def take_block(self, region_id: int, day: date, count: int) -> int:
        """Return the first of `count` fresh ids in a row, for rows that the database itself writes."""
        async with self._engine.connect() as connection:
            taken = await connection.execute(TAKE, {"region_id": region_id, "day": day, "count": count})
            first: int = taken.scalar_one()
        make_id(region_id, day, first + count - 1)  # ValueError where the day has no room for so many
        return make_id(region_id, day, first)

    async def close(self) -> None:
        """Close its connections; what was left of the blocks stays unused."""
        await self._engine.dispose()

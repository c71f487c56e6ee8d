"""Daily partitions: every big daily table gets one partition a business date, made ahead of need by the tables'
owner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import text

from linli.platform.database import Database
from linli.platform.manifest import metadata

AHEAD = timedelta(days=7)
PARTITION_LOCK = 20_261_123  # makers of partitions take turns


def daily_tables() -> list[str]:
    """Return the qualified names of the partitioned tables."""
    return sorted(f"{t.schema}.{t.name}" for t in metadata.tables.values() if t.info.get("daily"))


async def ensure_partitions(db: Database, days: Iterable[date]) -> int:
    """Make the missing partitions of the given business dates; returns how many were made; safe to repeat and to
    race."""
    wanted = sorted(set(days))
    made = 0
    engine = db.owner_engine().execution_options(isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET lock_timeout = '5s'"))  # never queue the shop behind us for long
            # CREATE TABLE IF NOT EXISTS fails when two race; the lock goes with the connection.
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": PARTITION_LOCK})
            present = {
                row[0]
                for row in await connection.execute(
                    text(
                        "SELECT n.nspname || '.' || c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                        "JOIN pg_namespace n ON n.oid = c.relnamespace"
                    )
                )
            }
            for day in wanted:
                for name in daily_tables():
                    part = f"{name}_p{day:%Y%m%d}"
                    if part not in present:
                        bounds = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
                        made_so = f"CREATE TABLE IF NOT EXISTS {part} PARTITION OF {name} FOR VALUES {bounds}"
                        await connection.execute(text(f"{made_so}{_storage(name)}"))
                        made += 1
    finally:
        await engine.dispose()
    return made


def _storage(name: str) -> str:
    fillfactor = metadata.tables[name].info.get("fillfactor", 100)
    return f" WITH (fillfactor = {fillfactor})" if fillfactor != 100 else ""


def week_ahead(today: date) -> list[date]:
    """Return today and the seven days that follow."""
    return [today + timedelta(days=n) for n in range(AHEAD.days + 1)]

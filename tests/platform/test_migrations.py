"""The history of migrations brings an empty database to exactly the declared tables; repeating it is safe."""

from __future__ import annotations

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from tests.conftest import MORNING, _sql, drop, with_database

from linli.platform.database import Database
from linli.platform.installation import Installation
from linli.platform.manifest import metadata
from linli.platform.migrations import newest, upgrade
from linli.platform.migrations.comparing import ours


async def test_the_migrations_make_exactly_the_declared_tables(installation: Installation, server_url: str) -> None:
    name = "linli_migrations_fresh"
    drop(server_url, name)
    _sql(server_url, f"CREATE DATABASE {name}")
    try:
        both = [Database(with_database(server_url, name), installation.clock) for _ in range(2)]
        await asyncio.gather(*[upgrade(db, MORNING.date()) for db in both])
        await upgrade(both[0], MORNING.date())
        engine = both[0].owner_engine()
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
        await engine.dispose()
        for db in both:
            await db.close()
    finally:
        drop(server_url, name)


def _differences(connection: Connection) -> list[object]:
    options = {"include_schemas": True, "include_name": ours, "compare_type": True, "version_table_schema": "platform"}
    context = MigrationContext.configure(connection, opts=options)
    assert context.get_current_revision() == newest()
    return list(compare_metadata(context, metadata))

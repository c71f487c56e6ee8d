"""The one linear history of the database, and the way to bring a database up to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from linli.platform.database import APP_ROLE, Database
from linli.platform.manifest import metadata
from linli.platform.partitions import ensure_partitions, week_ahead

QUEUE_SCHEMA = "jobs"
# Roles belong to the whole server, where another database may be making the same one just now.
MAKE_ROLE = f"""DO $$ BEGIN CREATE ROLE {APP_ROLE} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"""
JOIN_ROLE = f"""DO $$ BEGIN IF NOT pg_has_role(current_user, '{APP_ROLE}', 'MEMBER') THEN
GRANT {APP_ROLE} TO CURRENT_USER; END IF; END $$"""
UPGRADE_LOCK = 20_261_122  # two programs starting at once must not both migrate


async def upgrade(db: Database, today: date, tell: Callable[[str], None] = lambda line: None) -> None:
    """Bring a database to the newest schema and make the coming week's partitions; safe to repeat and to race."""
    engine = db.owner_engine()
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, tell)
    finally:
        await engine.dispose()
    await ensure_partitions(db, week_ahead(today))


def alembic_config(connection: Connection) -> AlembicConfig:
    """Return alembic's configuration bound to an open connection."""
    config = AlembicConfig()
    config.set_main_option("script_location", "linli.platform:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the newest revision that this version of Linli knows."""
    config = AlembicConfig()
    config.set_main_option("script_location", "linli.platform:migrations")
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config).get_current_head() or ""


def _upgrade(connection: Connection, tell: Callable[[str], None]) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
    found = connection.execute(text("SELECT to_regclass('platform.alembic_version')")).scalar()
    at = connection.execute(text("SELECT version_num FROM platform.alembic_version")).scalar() if found else None
    if at == newest():
        return
    tell(f"Bringing the database from {at or 'nothing'} to {newest()} …")
    connection.execute(text(MAKE_ROLE))
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS platform"))
    command.upgrade(alembic_config(connection), "head")
    grant(connection)


def grant(connection: Connection) -> None:
    """Give the application's role what the manifest says: reading and writing, but no change to append-only tables."""
    schemas = sorted({t.schema for t in metadata.tables.values() if t.schema})
    statements = [JOIN_ROLE]
    for schema in [*schemas, QUEUE_SCHEMA]:
        statements += [
            f"GRANT USAGE ON SCHEMA {schema} TO {APP_ROLE}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {APP_ROLE}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {APP_ROLE}",
        ]
    for table in metadata.tables.values():
        statements += _narrowed(table)
    for statement in statements:
        connection.execute(text(statement))


def _narrowed(table: Any) -> list[str]:
    if not table.info.get("append_only"):
        return []
    changing = [column.name for column in table.columns if column.info.get("may_change")]
    revoked = [f"REVOKE UPDATE, DELETE, TRUNCATE ON {table.fullname} FROM {APP_ROLE}"]
    return [*revoked, *(f"GRANT UPDATE ({name}) ON {table.fullname} TO {APP_ROLE}" for name in changing)]

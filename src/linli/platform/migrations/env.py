"""How alembic runs here: on the connection it is given, in one transaction, over the whole metadata."""

from __future__ import annotations

from typing import Any

from alembic import context

from linli.platform.manifest import metadata

ROOMS = {table.schema for table in metadata.tables.values()}


def ours(name: str | None, kind: str, parents: Any) -> bool:
    """Leave out what is not in the manifest: the queue's schema, partitions, alembic's own table."""
    if kind == "schema":
        return name in ROOMS
    if kind == "table":
        return f"{parents.get('schema_name')}.{name}" in metadata.tables
    return True


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema="platform",
    include_schemas=True,
    include_name=ours,
    compare_type=True,
)
context.run_migrations()

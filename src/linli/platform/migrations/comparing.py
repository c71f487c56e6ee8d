"""What counts when the database is compared with the declared tables."""

from __future__ import annotations

from typing import Any

from linli.platform.manifest import metadata


def ours(name: str | None, kind: str, parents: Any) -> bool:
    """Leave out what is not in the manifest: the queue's schema, partitions, alembic's own table."""
    if kind == "schema":
        return name in {table.schema for table in metadata.tables.values()}
    if kind == "table":
        return f"{parents.get('schema_name')}.{name}" in metadata.tables
    return True

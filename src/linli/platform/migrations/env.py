"""How alembic runs here: on the connection it is given, in one transaction, over the whole metadata."""

from __future__ import annotations

from alembic import context

from linli.platform.manifest import metadata
from linli.platform.migrations.comparing import ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema="platform",
    include_schemas=True,
    include_name=ours,
    compare_type=True,
)
context.run_migrations()

"""Writes the migration from the newest revision to the tables as declared: `tools/new_migration.py 0002 message`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine, text

from linli.entry import rooms
from linli.platform.embedded import start_embedded
from linli.platform.manifest import metadata
from linli.platform.migrations import alembic_config, newest


def main(number: str, message: str) -> None:
    """Upgrade a scratch database to the newest revision, compare it with the metadata, and write the difference."""
    rooms.load_tables()
    folder = Path(tempfile.mkdtemp(prefix="linli-migration-"))
    folder.chmod(0o755)
    server, url = start_embedded(folder / "postgres")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS platform"))
        config = alembic_config(connection)
        if newest():
            command.upgrade(config, "head")
        else:
            for schema in sorted({table.schema for table in metadata.tables.values() if table.schema}):
                connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        command.revision(config, message, autogenerate=True, rev_id=number)
    server.cleanup()


if __name__ == "__main__":
    main(sys.argv[1], " ".join(sys.argv[2:]))

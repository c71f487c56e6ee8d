"""Writes migrations: `new_migration.py 0002 message` from the newest revision to the tables as declared, and
`new_migration.py first` the first one anew, which is right only until a version is released."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine, text

from linli.entry import rooms
from linli.platform.embedded import start_embedded
from linli.platform.manifest import metadata
from linli.platform.migrations import alembic_config, newest

VERSIONS = Path("src/linli/platform/migrations/versions")
FIRST = VERSIONS / "0001_the_house.py"
SCHEMAS_BEGIN = "    for schema in ["
TABLES_BEGIN = "    op.create_table("


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


def first() -> None:
    """Write the first migration anew from the declared tables; its opening, with the queue's schema, stays."""
    with (VERSIONS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rooms.load_tables()
        before = FIRST.read_text()
        FIRST.rename(FIRST.with_suffix(".before"))
        try:
            main("0001", "the house as it was first built")
            (made,) = VERSIONS.glob("0001_*.py")
            tables = made.read_text()
            made.unlink()
            schemas = sorted({table.schema or "" for table in metadata.tables.values()})
            names = "".join(f'        "{name}",\n' for name in schemas)
            opening, rest = before[: before.index(TABLES_BEGIN)].split(SCHEMAS_BEGIN)
            opening += f"{SCHEMAS_BEGIN}\n{names}    ]:\n" + rest.split("]:\n", 1)[1]
            FIRST.write_text(opening + tables[tables.index(TABLES_BEGIN) :])
        finally:
            FIRST.with_suffix(".before").unlink() if FIRST.exists() else FIRST.with_suffix(".before").rename(FIRST)
        subprocess.run([Path(sys.executable).parent / "ruff", "format", "-q", FIRST], check=True)
    (VERSIONS / ".lock").unlink(missing_ok=True)


if __name__ == "__main__":
    first() if sys.argv[1] == "first" else main(sys.argv[1], " ".join(sys.argv[2:]))

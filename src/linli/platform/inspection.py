"""What an inspection reads from a database, whether or not it is whole: for `linli doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from linli.platform.database import APP_ROLE
from linli.platform.manifest import metadata
from linli.platform.partitions import daily_tables, week_ahead

OLDEST_SERVER = 150_000
HEARTBEAT = timedelta(minutes=2)


class Inspection:
    """A connection as the owner of the tables, which only reads; each question stands alone on a broken database."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
        self._connection.execute("SET default_transaction_read_only = on")
        self._known: set[str] = set()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def server_version(self) -> int:
        """Return the server's version as a number (150004 is 15.4)."""
        return self._connection.info.server_version

    def now(self) -> datetime:
        """Return the database's instant."""
        found: datetime = self._one("SELECT clock_timestamp()")
        return found

    def role_exists(self) -> bool:
        """Tell whether the application's role exists."""
        return bool(self._one("SELECT count(*) FROM pg_roles WHERE rolname = %s", APP_ROLE))

    def may_make_roles(self) -> bool:
        """Tell whether our user may create the application's role."""
        return bool(self._one("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"))

    def may_act_as_role(self) -> bool:
        """Tell whether our user may SET ROLE to the application's role."""
        return bool(self._one("SELECT pg_has_role(current_user, %s, 'MEMBER')", APP_ROLE))

    def may_make_schemas(self) -> bool:
        """Tell whether our user may create schemas in this database."""
        return bool(self._one("SELECT has_database_privilege(current_database(), 'CREATE')"))

    def revision(self) -> str:
        """Return the revision at which the schema stands; nothing when no migration ran here."""
        if not self._has("platform.alembic_version"):
            return ""
        return str(self._one("SELECT version_num FROM platform.alembic_version") or "")

    def is_empty(self) -> bool:
        """Tell whether this database holds nothing of ours yet."""
        return not self._has("platform.outbox")

    def missing_columns(self) -> list[str]:
        """Return the tables and columns that this version knows and the database does not have."""
        rows = self._rows(
            "SELECT n.nspname || '.' || c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped"
        )
        have: dict[str, set[str]] = {}
        for name, column in rows:
            have.setdefault(name, set()).add(column)
        missing = []
        for name, table in sorted(metadata.tables.items()):
            if name not in have:
                missing.append(name)
            else:
                missing += [f"{name}.{column.name}" for column in table.columns if column.name not in have[name]]
        return missing

    def tables_too_open(self) -> list[str]:
        """Return append-only tables in which the application's role could change or delete what was written."""
        wrong = []
        for name, table in sorted(metadata.tables.items()):
            if not table.info.get("append_only") or not self._has(name):
                continue
            may_change = {column.name for column in table.columns if column.info.get("may_change")}
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                if self._one("SELECT has_table_privilege(%s, %s, %s)", APP_ROLE, name, right):
                    wrong.append(f"{right} {name}")
            wrong += [f"UPDATE {name}.{column}" for column in self._changeable(name) if column not in may_change]
        return wrong

    def _changeable(self, name: str) -> list[str]:
        rows = self._connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
            "AND has_column_privilege(%s, attrelid, attnum, 'UPDATE')",
            (name, APP_ROLE),
        )
        return [row[0] for row in rows]

    def tables_too_closed(self) -> list[str]:
        """Return tables that the application's role may not read or add to."""
        return [
            f"{right} {name}"
            for name in sorted(metadata.tables)
            for right in ("SELECT", "INSERT")
            if self._has(name) and not self._one("SELECT has_table_privilege(%s, %s, %s)", APP_ROLE, name, right)
        ]

    def missing_partitions(self, today: date) -> list[str]:
        """Return the partitions of today and the seven days ahead that are not there."""
        wanted = [f"{name}_p{day:%Y%m%d}" for name in daily_tables() for day in week_ahead(today)]
        return [part for part in wanted if not self._has(part)]

    def parked(self) -> list[tuple[str, int]]:
        """Return the names of parked outbox rows and how many there are of each."""
        return list(
            self._rows("SELECT name, count(*) FROM platform.outbox WHERE status = 'parked' GROUP BY 1 ORDER BY 2 DESC")
        )

    def waiting_since(self, now: datetime, patience: timedelta) -> int:
        """Return how many outbox rows have been due for longer than `patience`: nobody works them."""
        waiting = "SELECT count(*) FROM platform.outbox WHERE status IN ('pending', 'queued') AND due_at < %s"
        return int(self._one(waiting, now - patience))

    def stalled_jobs(self) -> int:
        """Return how many jobs are being done by a worker that no longer shows a sign of life."""
        stalled = (
            "SELECT count(*) FROM jobs.procrastinate_jobs j "
            "LEFT JOIN jobs.procrastinate_workers w ON w.id = j.worker_id "
            "WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < clock_timestamp() - %s)"
        )
        return int(self._one(stalled, HEARTBEAT))

    def keeps_what_it_commits(self) -> bool:
        """Tell whether the server waits for the disk before it answers."""
        return all(self._one("SELECT current_setting(%s)", name) == "on" for name in ("fsync", "synchronous_commit"))

    def _has(self, name: str) -> bool:
        """Tell whether there is such a table, also where our user may not enter its schema."""
        if not self._known:
            self._known.update(
                row[0]
                for row in self._rows(
                    "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                )
            )
        return name in self._known

    def _one(self, statement: str, *given: Any) -> Any:
        row = self._connection.execute(sql.SQL(statement), given or None).fetchone()
        return row[0] if row else None

    def _rows(self, statement: str) -> Iterable[tuple[Any, ...]]:
        return self._connection.execute(sql.SQL(statement)).fetchall()

"""The check-up of an installation: what is looked at, what is wrong, and how to mend it. It changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from psycopg.errors import Error as DatabaseError

from linli.entry import rooms
from linli.money import ChannelSetup
from linli.platform import migrations
from linli.platform.config import Config
from linli.platform.embedded import runs_as_root, start_embedded
from linli.platform.inspection import OLDEST_SERVER, Inspection
from linli.platform.papers import font_file

State = Literal["ok", "warn", "fail"]
MIB = 2**20
DISK_WARN, DISK_FAIL = 2_048 * MIB, 256 * MIB
CLOCK_WARN, CLOCK_FAIL = timedelta(seconds=2), timedelta(seconds=60)
WAITING = timedelta(minutes=15)
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its state, what was seen, and how to mend it."""

    name: str
    state: State
    what: str
    mend: str = ""


@dataclass
class Report:
    """All findings; `healthy` when none failed."""

    findings: list[Finding] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Tell whether nothing failed."""
        return all(finding.state != "fail" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {"healthy": self.healthy, "findings": [asdict(finding) for finding in self.findings]}


def examine(config: Config, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Report:
    """Look at everything of an installation and return what was found."""
    rooms.load_tables()
    report = Report([_python(), _home(config.home), *_key(config), _fonts(), _disk(config.home)])
    report.findings += _channels(config, now)
    if not config.database_url and runs_as_root():
        report.findings.append(_root(config.home))
    with _database(config, report) as inspection:
        if inspection is not None:
            report.findings += _looked_at(inspection, now)
    return report


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding(
            "python", "fail", f"Python {version} is too old", "install Python 3.11 or newer and run make setup"
        )
    return Finding("python", "ok", f"Python {version}")


def _home(home: Path) -> Finding:
    mend = f"make {home} a folder that this user may write, or choose another one with LINLI_HOME"
    nearest = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    if home.exists() and not home.is_dir():
        return Finding("home", "fail", f"{home} is not a folder", mend)
    try:
        with tempfile.NamedTemporaryFile(dir=nearest):
            pass
    except OSError as error:
        return Finding("home", "fail", f"cannot write in {nearest}: {error.strerror}", mend)
    return Finding("home", "ok", f"{home} can be written" if home.exists() else f"{home} will be made at first use")


def _key(config: Config) -> list[Finding]:
    """Look at the secret key: one that is lost or changed leaves every sealed phone number unreadable."""
    path = config.home / "secret.key"
    if config.secret_key.get_secret_value() or not path.exists():
        return []
    mend = f"restore {path} from the backup; sealed phone numbers cannot be read without the key they were sealed under"
    try:
        whole = len(bytes.fromhex(path.read_text().strip())) == 32
    except (OSError, ValueError) as error:
        return [Finding("key", "fail", f"{path} cannot be read: {error}", mend)]
    if not whole:
        return [Finding("key", "fail", f"{path} does not hold 32 bytes", mend)]
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return [Finding("key", "warn", f"others on this machine can read {path}", f"chmod 600 {path}")]
    return [Finding("key", "ok", "the secret key is whole and private")]


def _fonts() -> Finding:
    wanted = [font_file("regular"), font_file("bold")]
    gone = [path.name for path in wanted if not path.exists() or path.stat().st_size < MIB]
    if gone:
        return Finding(
            "fonts", "fail", f"fonts are missing or cut short: {', '.join(gone)}", "install the package again"
        )
    return Finding("fonts", "ok", "the fonts for papers are here")


def _channels(config: Config, now: Callable[[], datetime]) -> list[Finding]:
    """Look at the payment channels that are configured, in a thread of its own: others may have a loop running."""
    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(lambda: asyncio.run(ChannelSetup().examine(now, config.base_url()))).result()
    return [Finding(look.name, look.state, look.what, look.mend) for look in looks]


def _disk(home: Path) -> Finding:
    nearest = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    words, mend = f"{free // MIB:,} MiB free for {home}", "free some space, or move LINLI_HOME to a larger disk"
    if free < DISK_FAIL:
        return Finding("disk", "fail", words, mend)
    return Finding("disk", "warn", words, mend) if free < DISK_WARN else Finding("disk", "ok", words)


def _root(home: Path) -> Finding:
    """Look at what the embedded server needs when we are root: a user of its own who reaches the folder and /tmp."""
    import pwd

    try:
        pwd.getpwnam("pgserver")
    except KeyError:
        if shutil.which("useradd") is None:
            mend = "run Linli as an ordinary user, or install useradd (package passwd)"
            return Finding("embedded_user", "fail", "root needs the system user pgserver and cannot make it", mend)
    if not os.stat(tempfile.gettempdir()).st_mode & stat.S_IWOTH:
        mend = f"chmod 1777 {tempfile.gettempdir()}"
        return Finding("embedded_user", "fail", "the server's own user cannot write in the temporary folder", mend)
    closed = [p for p in home.absolute().parents if p.exists() and not p.stat().st_mode & stat.S_IXOTH]
    if closed:
        mend = f"chmod o+x {closed[0]}, or choose another folder with LINLI_HOME"
        return Finding("embedded_user", "warn", f"the server's own user cannot pass through {closed[0]}", mend)
    return Finding("embedded_user", "ok", "the embedded server runs as the system user pgserver, not as root")


@contextmanager
def _database(config: Config, report: Report) -> Iterator[Inspection | None]:
    """Reach the configured server, or start the embedded one (in a temporary folder while there is none yet)."""
    folder, server, inspection = Path(), None, None
    try:
        if config.database_url:
            url = config.database_url
        else:
            folder = Path(tempfile.mkdtemp(prefix="linli-doctor-"))
            folder.chmod(0o755)
            own = config.home / "postgres"
            server, url = start_embedded(own if (own / "PG_VERSION").exists() else folder / "postgres")
        inspection = Inspection(url)
        shown = _shown(url) if config.database_url else "the embedded server starts"
        report.findings.append(Finding("database", "ok", f"{shown} and answers"))
    except Exception as error:  # whatever keeps it from starting is what the owner wants to read
        report.findings.append(_unreachable(config, error))
    try:
        yield inspection
    finally:
        if inspection is not None:
            inspection.close()
        if server is not None:
            server.cleanup()
        if folder.name:
            shutil.rmtree(folder, ignore_errors=True)


def _shown(url: str) -> str:
    """Return an address without its password."""
    parts = urlsplit(url)
    who, _, where = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{who.split(':')[0]}@{where}" if who else where, query=""))


def _unreachable(config: Config, error: Exception) -> Finding:
    why = " ".join(str(error).split())[:300] or type(error).__name__
    if config.database_url:
        mend = "start the server, or correct host, port, user, password and database name in LINLI_DATABASE_URL"
        return Finding("database", "fail", f"{_shown(config.database_url)} does not answer: {why}", mend)
    log = config.home / "postgres" / "log"
    mend = f"read {log}; a damaged folder is restored from the backup; LINLI_DATABASE_URL names another server"
    return Finding("database", "fail", f"the embedded server does not start: {why}", mend)


def _looked_at(inspection: Inspection, now: Callable[[], datetime]) -> list[Finding]:
    """Ask the database everything; a question that fails is a finding too."""
    asked: list[tuple[str, Callable[[], Finding]]] = [
        ("version", lambda: _version(inspection)),
        ("durability", lambda: _durability(inspection)),
        ("role", lambda: _role(inspection)),
        ("clock", lambda: _clock(inspection, now())),
        ("schema", lambda: _schema(inspection)),
    ]
    if not inspection.is_empty():
        asked += [
            ("grants", lambda: _grants(inspection)),
            ("partitions", lambda: _partitions(inspection, now())),
            ("outbox", lambda: _outbox(inspection, now())),
            ("jobs", lambda: _jobs(inspection)),
        ]
    found = []
    for name, ask in asked:
        try:
            found.append(ask())
        except DatabaseError as error:
            why = " ".join(str(error).split())[:300]
            found.append(Finding(name, "fail", f"cannot be asked: {why}", "run linli db upgrade, then linli doctor"))
    return found


def _version(inspection: Inspection) -> Finding:
    version = inspection.server_version()
    shown = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    if version < OLDEST_SERVER:
        return Finding("version", "fail", f"{shown} is too old", "use PostgreSQL 15 or newer")
    return Finding("version", "ok", shown)


def _durability(inspection: Inspection) -> Finding:
    if inspection.keeps_what_it_commits():
        return Finding("durability", "ok", "what is committed is kept when the machine fails")
    mend = "set fsync = on and synchronous_commit = on and reload the server"
    return Finding("durability", "warn", "the server answers before the disk has kept it: orders can be lost", mend)


def _role(inspection: Inspection) -> Finding:
    if not inspection.role_exists():
        if inspection.may_make_roles() and inspection.may_make_schemas():
            return Finding(
                "role",
                "ok" if inspection.is_empty() else "fail",
                "the role linli_app is not made yet",
                "linli db upgrade",
            )
        mend = (
            "as a superuser: CREATE ROLE linli_app; GRANT linli_app TO our user; GRANT CREATE ON DATABASE … TO our user"
        )
        return Finding("role", "fail", "there is no role linli_app and our user may not make it", mend)
    if not inspection.may_act_as_role():
        return Finding(
            "role", "fail", "our user may not act as linli_app", "as a superuser: GRANT linli_app TO our user"
        )
    return Finding("role", "ok", "our user may act as linli_app")


def _clock(inspection: Inspection, now: datetime) -> Finding:
    apart = abs(inspection.now() - now)
    words = f"machine and database are {apart.total_seconds():.1f} s apart"
    mend = "let both machines follow the same time server (chrony or systemd-timesyncd)"
    if apart >= CLOCK_FAIL:
        return Finding("clock", "fail", words, mend)
    return Finding("clock", "warn", words, mend) if apart >= CLOCK_WARN else Finding("clock", "ok", words)


def _schema(inspection: Inspection) -> Finding:
    if inspection.is_empty():
        return Finding("schema", "warn", "the database is empty", "linli db upgrade (linli serve does it too)")
    missing = inspection.missing_columns()
    if missing:
        words = f"{len(missing)} tables or columns are missing: {', '.join(missing[:5])}"
        return Finding("schema", "fail", words, "linli db upgrade; when they were dropped, restore the backup")
    at, newest = inspection.revision(), migrations.newest()
    if at != newest:
        return Finding(
            "schema", "fail", f"the schema is at {at or 'nothing'}, this version needs {newest}", "linli db upgrade"
        )
    return Finding("schema", "ok", "the schema is up to date")


def _grants(inspection: Inspection) -> Finding:
    if not inspection.role_exists():
        return Finding("grants", "fail", "the role linli_app does not exist", "linli db upgrade")
    too_open = inspection.tables_too_open()
    if too_open:
        mend = "REVOKE these rights from linli_app; the ledger and histories are only ever added to"
        return Finding("grants", "fail", f"what must never change could be changed: {', '.join(too_open[:5])}", mend)
    too_closed = inspection.tables_too_closed()
    if too_closed:
        mend = "GRANT SELECT, INSERT on them TO linli_app"
        return Finding("grants", "fail", f"linli_app cannot use {', '.join(too_closed[:5])}", mend)
    return Finding("grants", "ok", "linli_app can change no ledger and no history")


def _partitions(inspection: Inspection, now: datetime) -> Finding:
    missing = inspection.missing_partitions(now.date())
    if missing:
        mend = "linli db upgrade makes them; keep a worker running (linli worker), it makes them every day"
        return Finding(
            "partitions", "fail", f"{len(missing)} partitions of the coming week are missing: {missing[0]} …", mend
        )
    return Finding("partitions", "ok", "the coming week has its partitions")


def _outbox(inspection: Inspection, now: datetime) -> Finding:
    parked = inspection.parked()
    if parked:
        named = ", ".join(f"{name} × {count}" for name, count in parked[:5])
        mend = "read why in GET /console/outbox/parked, mend the cause, then POST /console/outbox/{id}/release"
        return Finding("outbox", "warn", f"facts or wishes failed too often and are parked: {named}", mend)
    waiting = inspection.waiting_since(now, WAITING)
    if waiting:
        return Finding(
            "outbox", "warn", f"{waiting} facts or wishes have waited for 15 minutes", "start a worker: linli worker"
        )
    return Finding("outbox", "ok", "nothing is parked and nothing waits")


def _jobs(inspection: Inspection) -> Finding:
    stalled = inspection.stalled_jobs()
    if stalled:
        mend = "start a worker: linli worker; ten minutes after they were queued the jobs run again"
        return Finding("jobs", "warn", f"{stalled} jobs were left by a worker that is gone", mend)
    return Finding("jobs", "ok", "no job was left behind")

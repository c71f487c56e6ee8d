"""What every test stands on: a real PostgreSQL, one migrated template cloned per worker, and a fresh region per
test."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2
import psycopg
import pytest
from hypothesis import HealthCheck, settings

from linli.entry import rooms
from linli.entry.web import build_app
from linli.platform.clock import SteeredClock
from linli.platform.config import Config
from linli.platform.embedded import start_embedded
from linli.platform.installation import Installation
from linli.platform.migrations import upgrade
from linli.platform.partitions import ensure_partitions
from linli.platform.telemetry import configure_logs

MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # Monday 08:00 in Shanghai
DAYS = [date(2026, 11, 22) + timedelta(days=n) for n in range(5)]

settings.register_profile(
    "linli", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, max_examples=60
)
settings.load_profile("linli")
configure_logs("ERROR")
numbers = itertools.count(1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --long, which also runs the tests that take minutes."""
    parser.addoption("--long", action="store_true", help="also run the tests marked long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked long, unless asked for."""
    if not config.getoption("--long"):
        kept = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def with_database(url: str, name: str) -> str:
    """Return an address with another database name."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A folder for this test run that the embedded server's own user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="linli-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url(home: Path) -> Iterator[str]:
    """The address of a real server: LINLI_TEST_DATABASE_URL when set, else an embedded one for this run."""
    configured = os.environ.get("LINLI_TEST_DATABASE_URL", "")
    if configured:
        yield configured
        return
    server, url = start_embedded(home / "postgres")
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
async def template(server_url: str) -> AsyncIterator[str]:
    """The name of a migrated database that is cloned, never used."""
    from linli.platform.database import Database

    name = f"linli_template_{os.getpid()}"
    _sql(server_url, f"CREATE DATABASE {name}")
    rooms.load_tables()
    db = Database(with_database(server_url, name), SteeredClock(MORNING))
    await upgrade(db, MORNING.date())
    await ensure_partitions(db, DAYS)
    await db.close()
    yield name
    _sql(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def clone(server_url: str, template: str, name: str) -> str:
    """Clone the template and return the clone's address."""
    _sql(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return with_database(server_url, name)


def drop(server_url: str, name: str) -> None:
    """Drop a clone."""
    _sql(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _sql(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="session")
async def shared_url(server_url: str, template: str) -> AsyncIterator[str]:
    """The address of this worker's database."""
    name = f"linli_test_{os.getpid()}"
    yield clone(server_url, template, name)
    drop(server_url, name)


@pytest.fixture(scope="session")
async def shared_installation(shared_url: str, home: Path) -> AsyncIterator[Installation]:
    """One installation per worker; tests keep apart by region."""
    config = Config(home=home / f"home-{os.getpid()}", database_url=shared_url, development=True, pool_size=60)
    config.home.mkdir()
    opened = await Installation.open(config, clock=SteeredClock(MORNING), guard=True)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def app(shared_installation: Installation) -> Any:
    """The real application on the worker's installation."""
    return build_app(shared_installation)


@pytest.fixture
async def installation(shared_installation: Installation, app: Any) -> Installation:
    """The installation with its clock set back to Monday morning."""
    assert isinstance(shared_installation.clock, SteeredClock)
    shared_installation.clock.set(MORNING)
    return shared_installation


@pytest.fixture
def clock(installation: Installation) -> SteeredClock:
    """The clock that a test moves."""
    assert isinstance(installation.clock, SteeredClock)
    return installation.clock


@pytest.fixture
async def region_id(installation: Installation) -> int:
    """A region of this test alone, with the default clock."""
    import linli.people

    number = next(numbers)

    async def add(tx: Any) -> None:
        await linli.people.add_region(tx, region_id=number, name=f"测试区{number}")

    await installation.db.run(add, 0, by="test")
    return number


@pytest.fixture
async def client(installation: Installation, app: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the real application, without sockets."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://linli.test") as opened:
        yield opened

"""A scratch installation for rehearsals: its own database, a steered clock and payment provider, all thrown away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import httpx2
import psycopg
from psycopg import sql
from pydantic import SecretStr

from linli.entry import rooms
from linli.entry.web import build_app
from linli.money import OfflineChannel, SandboxChannel, SandboxKeys, SandboxProvider, build_sandbox, over_http
from linli.platform.clock import SteeredClock
from linli.platform.config import Config
from linli.platform.database import Database
from linli.platform.embedded import start_embedded
from linli.platform.installation import Installation
from linli.platform.migrations import upgrade

ADDRESS = "http://127.0.0.1:8620"
# Nothing here outlives the run, so the disk need not be waited for; a killed server still keeps what it committed.
HASTY = ("fsync = off", "full_page_writes = off", "synchronous_commit = on", "max_wal_size = '4GB'")


@dataclass
class Scratch:
    """A running scratch installation with its application and its payment provider."""

    installation: Installation
    app: Any
    provider: SandboxProvider
    clock: SteeredClock
    http: httpx2.AsyncClient
    server: Any


@dataclass(frozen=True)
class Terms:
    """How a scratch installation is made: `rates` are the provider's faults in basis points; without a `secret` the
    seed decides the keys."""

    seed: int
    rates: dict[str, int] = field(default_factory=dict)
    secret: str = ""
    address: str = ADDRESS
    guard: bool = True


@asynccontextmanager
async def scratch(start: datetime, terms: Terms, *, url: str = "") -> AsyncIterator[Scratch]:
    """Open a scratch installation at an instant; everything is gone at the end.

    The database is embedded in a temporary folder, or made beside LINLI_DATABASE_URL's (or `url`).
    """
    folder = _folder()
    server, address, drop = await asyncio.to_thread(_database, folder, url or Config().database_url)
    try:
        async with joined(folder, address, SteeredClock(start), terms) as made:
            made.server = server
            yield made
    finally:
        await asyncio.to_thread(_drop, server, drop)
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def joined(folder: Path, url: str, clock: SteeredClock, terms: Terms) -> AsyncIterator[Scratch]:
    """Open an installation on a scratch database that exists; a second process joins the first one this way."""
    secret = terms.secret or sha256(f"rehearsal-{terms.seed}".encode()).hexdigest()[:32]
    config = Config(
        home=folder,
        database_url=url,
        development=True,
        secret_key=SecretStr(secret),
        public_url=terms.address,
        pool_size=24,
    )
    rooms.load_tables()
    rooms.load_work()
    db = Database(url, clock)
    await upgrade(db, clock.now().date())
    await db.close()
    installation = await Installation.open(config, clock=clock, guard=terms.guard)
    app = build_app(installation)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(installation.close)
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        http = await stack.enter_async_context(httpx2.AsyncClient(transport=transport, base_url=terms.address))
        provider = _provider(installation, http, terms)
        stack.callback(provider.close)
        app.router.routes.extend(provider.routes)
        yield Scratch(installation, app, provider, clock, http, None)


def _provider(installation: Installation, http: httpx2.AsyncClient, terms: Terms) -> SandboxProvider:
    keys = SandboxKeys.from_seed(terms.seed)
    state = installation.config.home / "provider.sqlite"
    provider = build_sandbox(keys, clock=installation.clock.now, deliver=over_http(http), state_path=state)
    provider.faults = replace(provider.faults, seed=terms.seed, **cast(Any, terms.rates))
    installation.channels["offline"] = OfflineChannel()
    installation.channels["sandbox"] = SandboxChannel(
        keys.for_merchant(), http=http, base_url=terms.address, clock=installation.clock.now
    )
    return provider


def _folder() -> Path:
    """Make a temporary folder that the embedded server's own user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="linli-rehearsal-"))
    folder.chmod(0o755)
    return folder


def _database(folder: Path, url: str) -> tuple[Any, str, tuple[str, str] | None]:
    """Return the embedded server's handle, the address of the scratch database, and what is to be dropped where."""
    if not url:
        server, address = start_embedded(folder / "postgres")
        with psycopg.connect(address, autocommit=True) as connection:
            for setting in HASTY:
                connection.execute(sql.SQL("ALTER SYSTEM SET " + setting))
            connection.execute("SELECT pg_reload_conf()")
        return server, address, None
    name = f"linli_rehearsal_{os.getpid()}_{sha256(str(folder).encode()).hexdigest()[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return None, urlunsplit(urlsplit(url)._replace(path=f"/{name}")), (url, name)


def _drop(server: Any, drop: tuple[str, str] | None) -> None:
    if drop is not None:
        url, name = drop
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    elif server is not None:
        server.cleanup()

"""A house of its own for every kill test: a PostgreSQL, workers and a server that are processes and can be killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg

from linli import people, supply
from linli.entry.web import build_app
from linli.platform.clock import SteeredClock
from linli.platform.config import Config
from linli.platform.database import Database
from linli.platform.embedded import start_embedded
from linli.platform.installation import Installation
from linli.platform.migrations import upgrade
from linli.platform.partitions import ensure_partitions
from tests.conftest import DAYS, MORNING
from tests.people_cast import Cast, Person
from tests.stories.kills import programs
from tests.stories.kills.programs import FileClock
from tests.supply.depot import Depot

REGION = 7
PATIENCE = 30.0
# The machine itself never goes down here: what a killed server handed to the operating system is on the disk.
HASTY = "fsync = off\nfull_page_writes = off\nshared_buffers = '32MB'\n"
nursery = multiprocessing.get_context("forkserver")  # imports the house once; every program is a fork of it
nursery.set_forkserver_preload([programs.__name__])


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@dataclass
class Ground:
    """A finished installation, stopped, of which every test gets a copy: orders of three neighbours, eight members."""

    home: Path
    depot: Depot
    members: list[Person]
    paid: list[int]

    @classmethod
    async def built(cls, home: Path) -> Ground:
        """Build it and stop its server."""
        home.mkdir()
        server, url = start_embedded(home / "postgres")
        with (home / "postgres" / "postgresql.conf").open("a") as conf:
            conf.write(HASTY)
        db = Database(url, SteeredClock(MORNING))
        await upgrade(db, MORNING.date())
        await ensure_partitions(db, DAYS)
        await db.close()
        config = Config(home=home, database_url=url, development=True)
        installation = await Installation.open(config, clock=SteeredClock(MORNING), guard=True)
        transport = httpx2.ASGITransport(app=build_app(installation))
        async with httpx2.AsyncClient(transport=transport, base_url="http://linli.test") as client:
            await installation.db.run(lambda tx: people.add_region(tx, region_id=REGION, name="星城"), 0, by="test")
            depot = await Depot.open(Cast(client, installation, REGION))
            members = await depot.cast.members([f"邻居{n}" for n in range(8)], depot.leaders[0])
            find = supply.StockMove(supply.MovementKind.FOUND, depot.goods["苹果"].sku_id, 2, "test", 1)
            await depot.do(lambda tx: supply.move_stock(tx, moves=[find]))
            depot.ordered_at = MORNING
            paid = [
                await depot.order("李阿姨", ("苹果", 5), ("牛奶", 2)),
                await depot.order("赵叔", ("苹果", 6), ("鸡蛋", 5)),
                await depot.order("小陈", ("苹果", 2), ("牛奶", 6), leader=1),
            ]
            await depot.order("没付款", ("苹果", 9), pay=False)
            depot.clock.set(MORNING + timedelta(minutes=5))
            await installation.runner.drain()
        await installation.close()
        await asyncio.to_thread(server.cleanup)
        return cls(home, depot, members, paid)


@dataclass
class House:
    """The copy that one test wrecks."""

    ground: Ground
    home: Path
    port: int = field(default_factory=free_port)
    server: Any = None
    url: str = ""
    crew: list[BaseProcess] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def on(cls, ground: Ground, home: Path) -> AsyncIterator[House]:
        """Copy the ground and start its PostgreSQL; at the end nothing of it runs or is left."""
        await asyncio.to_thread(subprocess.run, ["cp", "-a", str(ground.home), str(home)], check=True)
        house = cls(ground, home)
        house.server, house.url = await asyncio.to_thread(start_embedded, home / "postgres")
        try:
            yield house
        finally:
            for process in house.crew:
                process.kill()
            await asyncio.to_thread(house.server.cleanup)
            shutil.rmtree(home, ignore_errors=True)

    @property
    def clock(self) -> FileClock:
        """The clock of all its processes."""
        return FileClock(self.home / "clock")

    @property
    def address(self) -> str:
        """Where its server listens."""
        return f"http://127.0.0.1:{self.port}"

    def at(self, instant: datetime) -> None:
        """Set the clock."""
        self.clock.set(instant)

    def worker(self) -> BaseProcess:
        """Start a worker."""
        return self._start(programs.work)

    async def web(self) -> BaseProcess:
        """Start the server and wait until it answers."""
        process = self._start(programs.serve)

        async def answers() -> bool:
            with suppress(httpx2.HTTPError):
                return (await http.get(f"{self.address}/health/ready")).status_code == 200
            return False

        async with httpx2.AsyncClient() as http:
            await until(answers)
        return process

    def _start(self, program: Callable[[dict[str, Any]], None]) -> BaseProcess:
        given = {"home": str(self.home), "url": self.url, "port": self.port}
        process = nursery.Process(target=program, args=(given,), daemon=True)
        process.start()
        self.crew.append(process)
        return process

    def kill(self, process: BaseProcess) -> None:
        """Kill one of its processes with -9."""
        process.kill()
        process.join(5)

    def kill_database(self) -> None:
        """Kill the PostgreSQL and all its children with -9, the parent first, so that it notices nothing."""
        parent = psutil.Process(self.server.get_pid())
        family = [parent, *parent.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        while any(map(_runs, family)):
            time.sleep(0.01)
        # Until somebody buries the dead their numbers look alive, which would keep a new server from starting.
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.home / "postgres" / name).unlink(missing_ok=True)

    async def restart_database(self) -> None:
        """Start the PostgreSQL again; it recovers by itself."""

        def start() -> None:
            with self.server._lock:
                self.server.ensure_postgres_running()

        await asyncio.to_thread(start)

    @asynccontextmanager
    async def gate(self, statement: str) -> AsyncIterator[Gate]:
        """Hold the lock that a statement takes, so that whoever needs it stands and waits."""
        connection = await psycopg.AsyncConnection.connect(self.url)
        try:
            rows = await (await connection.execute(statement)).fetchall()
            assert rows, f"nothing to lock: {statement}"
            yield Gate(connection, self.url)
        finally:
            with suppress(psycopg.Error):
                await connection.close()

    async def value(self, statement: str) -> Any:
        """Return the first value that a statement reads."""
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            row = await (await connection.execute(statement)).fetchone()
        return row[0] if row else None

    async def comes(self, statement: str, wanted: Any = True) -> None:
        """Wait until a statement reads what is wanted."""

        async def came() -> bool:
            return bool(await self.value(statement) == wanted)

        await until(came, statement)

    @asynccontextmanager
    async def depot(self) -> AsyncIterator[Depot]:
        """Look into the house from outside: the depot of the ground, on what this test left of it."""
        config = Config(home=self.home, database_url=self.url, development=True)
        installation = await Installation.open(config, clock=SteeredClock(self.clock.now()), guard=True)
        async with httpx2.AsyncClient(base_url=self.address) as client:
            yield replace(self.ground.depot, cast=Cast(client, installation, REGION))
        await installation.close()


@dataclass(frozen=True)
class Gate:
    """A lock that the test holds."""

    connection: psycopg.AsyncConnection[Any]
    url: str

    async def somebody_waits(self, number: int = 1) -> None:
        """Wait until so many processes stand before the lock, in a row behind each other."""
        asked = (
            "WITH RECURSIVE waiting AS (SELECT pid, pg_blocking_pids(pid) AS behind FROM pg_stat_activity), "
            f"row (pid) AS (VALUES ({self.connection.info.backend_pid}) UNION "
            "SELECT w.pid FROM waiting w JOIN row r ON r.pid = ANY (w.behind)) SELECT count(*) - 1 FROM row"
        )
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as looking:

            async def stand() -> bool:
                row = await (await looking.execute(asked)).fetchone()
                return bool(row and row[0] >= number)

            await until(stand, "somebody at the gate")

    async def open(self) -> None:
        """Let everybody through."""
        await self.connection.close()


async def until(true: Callable[[], Awaitable[bool]], what: str = "") -> None:
    """Wait until something is so; AssertionError when it does not come about."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not await true():
        assert loop.time() < end, f"this did not come about: {what}"
        await asyncio.sleep(0.03)

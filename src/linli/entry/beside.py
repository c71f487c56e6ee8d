"""A process beside the demo, at the same steered clock: it works the outbox and answers half of the requests."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import httpx2
import uvicorn

from linli.entry import rooms
from linli.entry.scratch import Scratch, Terms, joined
from linli.platform.clock import SteeredClock
from linli.platform.loop import run_quickly
from linli.platform.telemetry import configure_logs

AT_ONCE = 4
INSTANT = "linli-instant"
SOCKET = "beside.sock"
FOREVER = 86_400  # seconds; a connection that the demo keeps is not closed under it
IDLE = 0.05  # so long facts may gather while nobody asks: a round over many costs little more than over one


@dataclass(frozen=True)
class Helper:
    """A process that waits to be told which installation it shall work on."""

    process: Any
    ours: socket.socket


def start_helper(method: Literal["fork", "spawn"] = "spawn") -> Helper:
    """Start the worker's process.

    A forked one has everything imported already; fork only where no thread runs and no connection is open yet.
    """
    rooms.load_work()
    rooms.load_routers()
    ours, theirs = socket.socketpair()
    context: Any = multiprocessing.get_context(method)
    process = context.Process(target=_live, args=(theirs, ours), daemon=True)
    process.start()
    theirs.close()
    return Helper(process, ours)


@dataclass
class Beside:
    """The worker's process, told the time and asked when it is quiet."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    clock: SteeredClock
    asked: int = 0

    async def quiet(self) -> int:
        """Tell the worker the time and wait until nothing is due there; returns 0, as nothing is left to run."""
        self.asked += 1
        self.writer.write(f"{self.asked} {self.clock.now().isoformat()}\n".encode())
        await self.writer.drain()
        while True:
            line = await self.reader.readline()
            if not line:
                raise RuntimeError("the worker beside the demo ended")
            if int(line) == self.asked:
                return 0


@dataclass
class DeliveredBeside:
    """The payment provider as the demo sees it: its notices are delivered by the worker beside."""

    provider: Any

    async def deliver_due(self, *, parallel: int = 1) -> int:
        """Return 0: the worker delivers."""
        return 0

    def next_due(self) -> datetime | None:
        """Return when something happens there next."""
        due: datetime | None = self.provider.next_due()
        return due

    def books(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return what was paid per charge number and given back per refund number, in fen."""
        books: tuple[dict[str, int], dict[str, int]] = self.provider.books()
        return books


class SharedTransport(httpx2.AsyncBaseTransport):
    """Sends each request to whichever of the two processes has fewer under way; the time goes along."""

    def __init__(self, here: httpx2.AsyncBaseTransport, there: Path, clock: SteeredClock) -> None:
        self._ways = (here, httpx2.AsyncHTTPTransport(uds=str(there)))
        self._clock = clock
        self._under_way = [0, 0]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and return its answer, read whole."""
        way = int(self._under_way[1] < self._under_way[0])
        request.headers[INSTANT] = self._clock.now().isoformat()
        self._under_way[way] += 1
        try:
            answer = await self._ways[way].handle_async_request(request)
            await answer.aread()
        finally:
            self._under_way[way] -= 1
        return answer

    async def aclose(self) -> None:
        """Close the connections to the other process."""
        await self._ways[1].aclose()


def shared_with(made: Scratch) -> httpx2.AsyncClient:
    """Return a client whose requests both processes answer."""
    here = httpx2.ASGITransport(app=made.app, raise_app_exceptions=False)
    transport = SharedTransport(here, made.installation.config.home / SOCKET, made.clock)
    base_url = made.installation.config.base_url()
    return httpx2.AsyncClient(transport=transport, base_url=base_url, timeout=None)  # routes are solved there too


class _Told:
    """The application as it answers in the other process: at the instant that came with the request."""

    def __init__(self, app: Any, clock: SteeredClock) -> None:
        self._app, self._clock = app, clock

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for name, value in scope["headers"]:
            if name == INSTANT.encode():
                self._clock.set(datetime.fromisoformat(value.decode()))
        await self._app(scope, receive, send)


@asynccontextmanager
async def worker_beside(made: Scratch, terms: Terms, helper: Helper) -> AsyncIterator[Beside]:
    """Let the helper work on the scratch installation until the block ends."""
    config = made.installation.config
    given = {
        "home": str(config.home), "url": config.database_url, "at": made.clock.now().isoformat(), "seed": terms.seed,
        "secret": terms.secret, "address": terms.address,
    }  # fmt: skip
    reader, writer = await asyncio.open_connection(sock=helper.ours)
    writer.write(json.dumps(given).encode() + b"\n")
    await reader.readline()
    try:
        yield Beside(reader, writer, made.clock)
    finally:
        helper.process.kill()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        await asyncio.to_thread(helper.process.join)


def _live(theirs: socket.socket, ours: socket.socket) -> None:
    ours.close()  # else the end of the demo's process would not be noticed here
    os.setsid()  # an interrupt on the keyboard is for the demo, which then ends this process
    configure_logs("CRITICAL")
    run_quickly(_work(theirs))


async def _work(theirs: socket.socket) -> None:
    """Run what is due at the told time until the connection ends; answer each question once nothing is due."""
    reader, writer = await asyncio.open_connection(sock=theirs)
    told = await reader.readline()
    if not told:
        return
    given = json.loads(told)
    clock = SteeredClock(datetime.fromisoformat(given["at"]))
    terms = Terms(given["seed"], secret=given["secret"], address=given["address"])
    async with joined(Path(given["home"]), given["url"], clock, terms) as scratch:
        questions = _Questions(clock)
        server = _Server(_Told(scratch.app, clock), Path(given["home"]) / SOCKET)
        serving = asyncio.create_task(server.serve())
        await server.listens.wait()
        writer.write(b"0\n")
        listening = asyncio.create_task(questions.listen(reader))
        answered = 0
        while not listening.done():
            number = questions.newest
            ran = await scratch.provider.deliver_due(parallel=AT_ONCE)
            ran += await scratch.installation.runner.drain(at_once=AT_ONCE)
            if answered < number == questions.newest and not ran:
                writer.write(b"%d\n" % number)
                answered = number
            if answered == questions.newest:
                await questions.wait(IDLE)
        serving.cancel()


class _Server(uvicorn.Server):
    """Serves the application on a socket of the installation's folder, and tells when it listens."""

    def __init__(self, app: Any, socket_path: Path) -> None:
        quiet: dict[str, Any] = {"log_level": "critical", "access_log": False, "lifespan": "off"}
        super().__init__(uvicorn.Config(app, uds=str(socket_path), timeout_keep_alive=FOREVER, **quiet))
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell so."""
        await super().startup(sockets)
        self.listens.set()


class _Questions:
    """What the demo asked: the newest question's number, and the time it told with it."""

    def __init__(self, clock: SteeredClock) -> None:
        self.newest = 0
        self._clock = clock
        self._came = asyncio.Event()

    async def listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            number, at = line.decode().split()
            self._clock.set(datetime.fromisoformat(at))
            self.newest = int(number)
            self._came.set()
        self._came.set()

    async def wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._came.wait(), seconds)
        self._came.clear()

"""A merchant and the sandbox provider, joined by real HTTP bytes: in process, or over a loopback socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from linli.money.channels.interface import ChargeRequest, Notice, RefundRequest
from linli.money.channels.sandbox import SandboxChannel
from linli.money.channels.sandbox_provider import NO_FAULTS, Faults, SandboxProvider, build_sandbox, over_http
from linli.money.channels.signing import SandboxKeys
from linli.platform.clock import SteeredClock

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
HOOK = "http://shop.test/hooks/sandbox"


@dataclass
class Shop:
    """The merchant's notify address: keeps the raw bytes and answers what it is told to answer."""

    status: int = 200
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.received.append((dict(request.headers), await request.body()))
        await Response(status_code=self.status)(scope, receive, send)


@dataclass
class World:
    """Everything one test needs."""

    keys: SandboxKeys
    clock: SteeredClock
    provider: SandboxProvider
    channel: SandboxChannel
    shop: Shop
    http: httpx2.AsyncClient
    base_url: str
    hook: str

    def wait(self, span: timedelta) -> None:
        self.clock.set(self.clock.now() + span)

    def charge(self, number: str = "C1", fen: int = 2990) -> ChargeRequest:
        return ChargeRequest(number, fen, "阳光玫瑰 1 箱", self.clock.now() + timedelta(minutes=30), self.hook)

    def give_back(self, number: str = "R1", fen: int = 1000, total: int = 2990, of: str = "C1") -> RefundRequest:
        return RefundRequest(number, of, fen, total, "坏果", self.hook)

    async def phone(self, token: str, content: bytes = b"") -> httpx2.Response:
        return await self.http.post(f"{self.base_url}/sandbox/pay/{token}", content=content)

    async def paid(self, number: str = "C1", fen: int = 2990) -> None:
        opened = await self.channel.open_charge(self.charge(number, fen))
        assert (await self.phone(opened.pay_token)).status_code == 200

    def believed(self) -> list[Notice]:
        return [self.channel.verify_notice(headers, body, self.clock.now()) for headers, body in self.shop.received]


def joined(provider: SandboxProvider, shop: Shop) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (shop if scope["path"].startswith("/hooks") else provider)(scope, receive, send)

    return app


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """A real server on a free loopback port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def world_of(
    wire: str = "in process", *, faults: Faults = NO_FAULTS, state_path: Path | None = None, seed: int = 7
) -> AsyncIterator[World]:
    keys, clock, shop = SandboxKeys.from_seed(seed), SteeredClock(NOON), Shop()
    post = httpx2.AsyncClient() if wire == "loopback" else httpx2.AsyncClient(transport=httpx2.ASGITransport(shop))
    provider = build_sandbox(keys, clock=clock.now, deliver=over_http(post), faults=faults, state_path=state_path)
    try:
        if wire == "loopback":
            async with listening(joined(provider, shop)) as base_url, httpx2.AsyncClient() as http:
                channel = SandboxChannel(keys.for_merchant(), http=http, base_url=base_url, clock=clock.now)
                yield World(keys, clock, provider, channel, shop, http, base_url, f"{base_url}/hooks/sandbox")
        else:
            base_url = "http://pay.test"
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(provider)) as http:
                channel = SandboxChannel(keys.for_merchant(), http=http, base_url=base_url, clock=clock.now)
                yield World(keys, clock, provider, channel, shop, http, base_url, HOOK)
    finally:
        await post.aclose()
        provider.close()


@pytest_asyncio.fixture(params=["in process", "loopback"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with world_of(request.param) as made:
        yield made

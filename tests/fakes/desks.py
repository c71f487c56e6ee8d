"""One face for every provider of the tests: a payer who pays, refunds that settle, messages that are delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from linli.money.channels.alipay import AlipayChannel
from linli.money.channels.interface import ChargeOpened, Scene
from linli.money.channels.sandbox import SandboxChannel
from linli.money.channels.sandbox_provider import Delivery, SandboxProvider, build_sandbox
from linli.money.channels.signing import SandboxKeys
from linli.money.channels.wechat import MiniProgram, WeChatChannel
from tests.fakes.alipay import FakeAlipay
from tests.fakes.serving import on_a_socket
from tests.fakes.wechat import APP, APP_SECRET, FakeWeChat

KINDS = ("sandbox", "wechat", "wechat_certificates", "alipay")
Message = tuple[dict[str, str], bytes]


@dataclass
class Desk:
    """A provider and our channel to it."""

    kind: str
    channel: Any
    provider: Any
    scene: str
    payer: str
    comes: Callable[[ChargeOpened], Awaitable[None]]
    pays: Callable[[ChargeOpened, int | None], Awaitable[bool]]
    settles: Callable[[], Awaitable[None]]
    takes: Callable[[], Awaitable[list[Message]]]
    weather: Any = None
    sent: list[Message] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The channel's name."""
        return str(self.channel.name)

    async def pay(self, opened: ChargeOpened, amount_fen: int | None = None) -> bool:
        """The payer comes with what the channel gave, and pays."""
        await self.comes(opened)
        return await self.pays(opened, amount_fen)

    async def messages(self) -> list[Message]:
        """What the provider sends now."""
        await self.settles()
        fresh = await self.takes()
        self.sent += fresh
        return fresh


async def _nothing(*_: Any) -> None:
    """Nothing to be done."""


def _posted(provider: Any) -> Callable[[], Awaitable[list[Message]]]:
    async def take() -> list[Message]:
        posts, provider.posts[:] = list(provider.posts), []
        return [provider.message(post) for post in posts]

    return take


@contextmanager
def wechat_desk(clock: Callable[[], datetime], *, certificates: bool = False, scene: Scene = Scene.MINI) -> Any:
    """WeChat Pay on a socket of its own."""
    fake = FakeWeChat(clock, certificates)

    async def pay(opened: ChargeOpened, amount_fen: int | None) -> bool:
        return fake.pay(opened.channel_no, amount_fen)

    async def settle() -> None:
        fake.settle_refunds()

    with on_a_socket(fake.app) as base:
        mini = MiniProgram(APP, APP_SECRET, http=httpx2.AsyncClient(timeout=5), base_url=base)
        channel = WeChatChannel(fake.known_as(base), clock=clock, mini=mini)
        payer = "203.0.113.7" if scene is Scene.H5 else "o-payer-1"
        yield Desk("wechat", channel, fake, scene, payer, _nothing, pay, settle, _posted(fake), fake.weather)


@contextmanager
def alipay_desk(clock: Callable[[], datetime], *, scene: Scene = Scene.H5) -> Any:
    """Alipay on a socket of its own."""
    fake = FakeAlipay(clock)

    async def come(opened: ChargeOpened) -> None:
        assert fake.come(opened.pay_url or opened.pay_params["order_string"]) == opened.channel_no

    async def pay(opened: ChargeOpened, amount_fen: int | None) -> bool:
        return fake.pay(opened.channel_no, amount_fen)

    with on_a_socket(fake.app) as base:
        channel = AlipayChannel(fake.known_as(base), clock=clock)
        yield Desk("alipay", channel, fake, scene, "", come, pay, _nothing, _posted(fake), fake.weather)


@asynccontextmanager
async def sandbox_desk(clock: Callable[[], datetime]) -> AsyncIterator[Desk]:
    """The sandbox provider in process."""
    keys = SandboxKeys.from_seed("desks")
    caught: list[Message] = []

    async def deliver(delivery: Delivery) -> int:
        caught.append((dict(delivery.headers), delivery.body))
        return 200

    provider: SandboxProvider = build_sandbox(keys, clock=clock, deliver=deliver)
    transport = httpx2.ASGITransport(app=provider)
    async with httpx2.AsyncClient(transport=transport, base_url="http://pay.test") as http:
        channel = SandboxChannel(keys.for_merchant(), http=http, base_url="http://pay.test", clock=clock)

        async def pay(opened: ChargeOpened, amount_fen: int | None) -> bool:
            body = {} if amount_fen is None else {"amount_fen": amount_fen}
            return (await http.post(f"/sandbox/pay/{opened.pay_token}", json=body)).status_code == 200

        async def settle() -> None:
            await provider.deliver_due()

        async def take() -> list[Message]:
            fresh, caught[:] = list(caught), []
            return fresh

        yield Desk("sandbox", channel, provider, "", "", _nothing, pay, settle, take)
        provider.close()


@asynccontextmanager
async def desk_of(kind: str, clock: Callable[[], datetime]) -> AsyncIterator[Desk]:
    """The desk of a kind."""
    if kind == "sandbox":
        async with sandbox_desk(clock) as desk:
            yield desk
    elif kind == "alipay":
        with alipay_desk(clock) as desk:
            yield desk
    else:
        with wechat_desk(clock, certificates=kind.endswith("certificates")) as desk:
            yield desk


LATER = timedelta(minutes=30)

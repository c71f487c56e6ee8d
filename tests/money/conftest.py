"""A region with the sandbox beside it: the provider's faults are ours to choose, its notices come to the real hook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

import httpx2
import pytest

from linli import money
from linli.kernel.facts import Fact
from linli.kernel.ids import make_id
from linli.money.channels.sandbox_provider import Delivery, Faults, over_http
from linli.money.ledger import queries
from linli.money.refund.model import RefundValue
from linli.platform import outbox
from linli.platform.access import Caller, issue_token
from linli.platform.clock import SteeredClock
from linli.platform.database import Tx
from linli.platform.installation import Installation

T = TypeVar("T")
DAY = date(2026, 11, 24)


@dataclass
class Till:
    """One region's money, seen from all sides: our commands, the payer's phone, the provider, the console."""

    installation: Installation
    region_id: int
    clock: SteeredClock
    client: httpx2.AsyncClient
    provider: money.SandboxProvider
    payer: httpx2.AsyncClient
    keys: money.SandboxKeys
    delivered: list[Delivery] = field(default_factory=list)
    numbers: int = 0

    async def do(self, command: Callable[..., Awaitable[T]], **given: Any) -> T:
        """Run one command in a transaction of its own."""
        return await self.installation.db.run(lambda tx: command(tx, **given), self.region_id, by="test")

    async def work(self) -> None:
        """Carry out everything that is due now."""
        await self.installation.runner.drain(regions=[self.region_id])

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.clock.set(self.clock.now() + span)

    def order(self) -> int:
        """Name an order of the delivery day; money knows orders by number only."""
        self.numbers += 1
        return make_id(self.region_id, DAY, 1_000_000 + self.numbers)

    async def charge(
        self, *shares: int, channel: str = "sandbox", minutes: int = 30, member_id: int = 7
    ) -> money.ChargeValue:
        """Open a charge for orders with these shares in fen, and let it be opened at the channel."""
        orders = {self.order(): fen for fen in shares or (2990,)}
        opened = await self.do(
            money.open_charge,
            amount_fen=sum(orders.values()),
            orders=orders,
            member_id=member_id,
            channel=channel,
            description="阳光玫瑰 1 箱",
            expires_at=self.clock.now() + timedelta(minutes=minutes),
            day=DAY,
            cycle_id=11,
            station_id=22,
        )
        await self.work()
        return await self.look(opened.id)

    async def look(self, charge_id: int) -> money.ChargeValue:
        """The charge as it stands."""
        return await self.do(money.the_charge, charge_id=charge_id)

    async def pay(self, charge: money.ChargeValue, *, amount_fen: int | None = None) -> int:
        """The member's phone pays; returns the provider's status."""
        assert charge.pay_url
        body = {} if amount_fen is None else {"amount_fen": amount_fen}
        return (await self.payer.post(charge.pay_url, json=body)).status_code

    async def paid_charge(self, *shares: int) -> money.ChargeValue:
        """A charge that was paid and whose notice has come."""
        charge = await self.charge(*shares)
        assert await self.pay(charge) == 200
        await self.provider.deliver_due()
        await self.work()
        paid = await self.look(charge.id)
        assert paid.state == money.ChargeState.PAID
        return paid

    async def refund(self, charge: money.ChargeValue, fen: int, ref_id: int, *, at: int = 0, part: str = "") -> int:
        """Wish for a refund of the charge's first (or at-th) order."""
        return await self.do(
            money.refund,
            charge_id=charge.id,
            order_id=list(charge.orders)[at],
            amount_fen=fen,
            reason="缺货",
            ref_kind="test",
            ref_id=ref_id,
            part=part,
        )

    async def refunds(self, charge: money.ChargeValue) -> list[RefundValue]:
        """All refunds of a charge's orders."""

        async def read(tx: Tx) -> list[RefundValue]:
            return [each for order_id in charge.orders for each in await money.refunds_of_order(tx, order_id)]

        return await self.do(read)

    async def facts(self, kind: type[Fact]) -> list[Any]:
        """What was announced in this region, oldest first."""

        async def read(tx: Tx) -> list[Any]:
            from sqlalchemy import select

            row = outbox.OutboxRow
            here = (row.region_id == tx.region_id, row.kind == "fact", row.name == kind.name)
            return [outbox.decode(each) for each in await tx.all(select(row).where(*here).order_by(row.id))]

        return await self.do(read)

    async def books(self) -> money.AccountKind | Any:
        """Post what waits, and prove the books."""
        await self.do(money.post_batches)
        found = await self.do(money.check)
        assert found.balanced, found.differences
        assert found.subledger_agrees, found.differences
        return found

    async def balance(self, kind: str, owner_id: int = 0) -> int:
        """An account's posted balance."""
        return await self.do(lambda tx: money.balance(tx, kind, owner_id))

    def sign_in(self, *permissions: str, audience: Any = "console", person_id: int = 0) -> dict[str, str]:
        """Headers of somebody with these permissions in this region."""
        who = Caller(1, audience, self.region_id, frozenset(permissions), person_id)
        self.numbers += 1
        token = issue_token(self.installation.key, who, self.clock.now())
        return {"authorization": f"Bearer {token}", "idempotency-key": f"test-key-{self.region_id}-{self.numbers}"}

    async def redeliver(self, delivery: Delivery) -> int:
        """Let a notice come once more, signed anew, as providers do."""
        headers = dict(delivery.headers)
        ring = self.keys.for_provider()
        headers |= ring.signer.headers(delivery.body, at=self.clock.now())
        return (await self.client.post(delivery.url, content=delivery.body, headers=headers)).status_code


@pytest.fixture
async def till(
    installation: Installation,
    region_id: int,
    clock: SteeredClock,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Till]:
    """A region with its own sandbox provider; later rooms neither react nor prove, sessions are not looked up."""
    keys = money.SandboxKeys.from_seed(region_id)
    delivered: list[Delivery] = []
    post = over_http(client)

    async def deliver(delivery: Delivery) -> int:
        delivered.append(delivery)
        return await post(delivery)

    provider = money.build_sandbox(keys, clock=clock.now, deliver=deliver)
    transport = httpx2.ASGITransport(app=provider)
    before, checked = dict(installation.channels), installation.check_session
    monkeypatch.setattr(outbox, "reactions", {})
    own = {name: queries.agreements[name] for name in ("charges", "refunds")}
    monkeypatch.setattr(queries, "agreements", own)

    async def anybody(caller: Caller) -> None:
        """Believe every signed token."""

    async with httpx2.AsyncClient(transport=transport, base_url="http://pay.test") as payer:
        channel = money.SandboxChannel(keys.for_merchant(), http=payer, base_url="http://pay.test", clock=clock.now)
        installation.channels.update(sandbox=channel, offline=money.OfflineChannel())
        installation.check_session = anybody
        yield Till(installation, region_id, clock, client, provider, payer, keys, delivered)
    installation.channels.clear()
    installation.channels.update(before)
    installation.check_session = checked
    provider.close()


@pytest.fixture
def faults(till: Till) -> Callable[..., None]:
    """Choose the provider's faults, in basis points."""

    def choose(**rates: Any) -> None:
        till.provider.faults = Faults(seed=till.region_id, **rates)

    return choose

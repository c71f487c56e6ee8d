"""A region of the real application with one real channel: charges are opened by jobs, notices come to the real hook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import httpx2
from sqlalchemy import select, text

from linli import money
from linli.kernel.facts import Fact
from linli.kernel.ids import make_id
from linli.money.ledger import queries
from linli.money.refund.model import RefundValue
from linli.platform import outbox
from linli.platform.access import Caller, issue_token
from linli.platform.clock import SteeredClock
from linli.platform.database import Tx
from linli.platform.installation import Installation
from tests.fakes.desks import Desk, Message, desk_of

T = TypeVar("T")
DAY = date(2026, 11, 24)
KEPT = ("charges", "charge_attempts", "charge_orders", "refunds", "entries", "raw_notices")


@dataclass
class Counter:
    """One region's money beside a provider that speaks its real protocol."""

    installation: Installation
    region_id: int
    clock: SteeredClock
    client: httpx2.AsyncClient
    desk: Desk
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

    async def charge(self, *shares: int, minutes: int = 30) -> money.ChargeValue:
        """Open a charge and let it be opened at the channel."""
        orders = {}
        for fen in shares or (2990,):
            self.numbers += 1
            orders[make_id(self.region_id, DAY, 1_000_000 + self.numbers)] = fen
        opened = await self.do(
            money.open_charge, amount_fen=sum(orders.values()), orders=orders, member_id=7, channel=self.desk.name,
            description="邻里订单 1 笔", expires_at=self.clock.now() + timedelta(minutes=minutes), day=DAY, cycle_id=11,
            station_id=22, scene=self.desk.scene, payer=self.desk.payer,
        )  # fmt: skip
        await self.work()
        return await self.look(opened.id)

    async def look(self, charge_id: int) -> money.ChargeValue:
        """The charge as it stands."""
        return await self.do(money.the_charge, charge_id=charge_id)

    async def pay(self, charge: money.ChargeValue, amount_fen: int | None = None) -> bool:
        """The payer pays with what the charge shows."""
        token = charge.pay_url.rpartition("/")[2] if self.desk.kind == "sandbox" and charge.pay_url else ""
        opened = money_opened(charge, token)
        return await self.desk.pay(opened, amount_fen)

    async def deliver(self, messages: list[Message] | None = None) -> list[int]:
        """Hand messages (those the provider sends now) to the real hook; returns the statuses."""
        if messages is None:
            messages = await self.desk.messages()
        return [(await self.hear(*message)).status_code for message in messages]

    async def hear(self, headers: dict[str, str], body: bytes) -> httpx2.Response:
        """Hand one message to the real hook."""
        return await self.client.post(f"/hooks/payments/{self.desk.name}", content=body, headers=headers)

    async def paid_charge(self, *shares: int) -> money.ChargeValue:
        """A charge that was paid and whose notice has come."""
        charge = await self.charge(*shares)
        assert await self.pay(charge)
        assert await self.deliver() == [200]
        await self.work()
        return await self.look(charge.id)

    async def refund(self, charge: money.ChargeValue, fen: int, ref_id: int, at: int = 0) -> int:
        """Wish for a refund of the charge's first (or at-th) order."""
        return await self.do(
            money.refund, charge_id=charge.id, order_id=list(charge.orders)[at], amount_fen=fen, reason="缺货",
            ref_kind="test", ref_id=ref_id,
        )  # fmt: skip

    async def refunds(self, charge: money.ChargeValue) -> list[RefundValue]:
        """All refunds of a charge's orders."""

        async def read(tx: Tx) -> list[RefundValue]:
            return [each for order_id in charge.orders for each in await money.refunds_of_order(tx, order_id)]

        return await self.do(read)

    async def facts(self, kind: type[Fact]) -> list[Any]:
        """What was announced in this region, oldest first."""

        async def read(tx: Tx) -> list[Any]:
            row = outbox.OutboxRow
            here = (row.region_id == tx.region_id, row.kind == "fact", row.name == kind.name)
            return [outbox.decode(each) for each in await tx.all(select(row).where(*here).order_by(row.id))]

        return await self.do(read)

    async def kept(self) -> dict[str, int]:
        """How many rows stand in each table of this region's money, and of messages of no region."""

        async def counted(tx: Tx) -> dict[str, int]:
            found = {}
            for name in KEPT:
                where = f"SELECT count(*) FROM money.{name} WHERE region_id IN (0, :r)"
                found[name] = int((await tx.execute(text(where), {"r": tx.region_id})).scalar_one())
            return found

        return await self.do(counted)

    async def verdicts(self) -> list[str]:
        """The verdicts on this region's messages, in the order they came."""

        async def read(tx: Tx) -> list[str]:
            found = "SELECT verdict FROM money.raw_notices WHERE region_id = :r ORDER BY id"
            return [row[0] for row in await tx.execute(text(found), {"r": tx.region_id})]

        return await self.do(read)

    async def balance(self, kind: str) -> int:
        """An account's posted balance, after proving the books."""
        await self.do(money.post_batches)
        found = await self.do(money.check)
        assert found.balanced, found.differences
        assert found.subledger_agrees, found.differences
        return await self.do(lambda tx: money.balance(tx, kind))

    def sign_in(self, *permissions: str, region_id: int | None = None) -> dict[str, str]:
        """Headers of somebody at the console with these permissions."""
        self.numbers += 1
        home = self.region_id if region_id is None else region_id
        token = issue_token(
            self.installation.key, Caller(1, "console", home, frozenset(permissions), 0), self.clock.now()
        )
        return {"authorization": f"Bearer {token}", "idempotency-key": f"counter-{self.region_id}-{self.numbers}"}


def money_opened(charge: money.ChargeValue, token: str) -> Any:
    """What the payer's phone got, as the channel gave it."""
    from linli.money.channels.interface import ChargeOpened

    return ChargeOpened(str(charge.attempt_id), token, charge.pay_url or "", charge.pay_params or {})


@asynccontextmanager
async def counter_of(
    kind: str, installation: Installation, region_id: int, clock: SteeredClock, client: httpx2.AsyncClient
) -> AsyncIterator[Counter]:
    """A counter whose channel is of a kind; later rooms neither react nor prove."""
    before, checked, reactions = dict(installation.channels), installation.check_session, outbox.reactions
    proofs = queries.agreements
    async with desk_of(kind, clock.now) as desk:
        outbox.reactions = {}
        queries.agreements = {name: proofs[name] for name in ("charges", "refunds") if name in proofs}
        installation.channels.update({desk.name: desk.channel, "offline": money.OfflineChannel()})

        async def anybody(caller: Caller) -> None:
            """Believe every signed token."""

        installation.check_session = anybody
        try:
            yield Counter(installation, region_id, clock, client, desk)
        finally:
            outbox.reactions, queries.agreements = reactions, proofs
            installation.channels.clear()
            installation.channels.update(before)
            installation.check_session = checked

"""Plants a small clean house in a temporary folder, and on request a fault in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

Check = Callable[[Path], list[str]]

CLEAN: dict[str, str] = {
    "__init__.py": '"""A planted house."""\n',
    "kernel/__init__.py": '"""Money and time."""\n',
    "kernel/weights.py": '''
        """Whole grams."""
        from datetime import datetime

        def later(one: datetime, other: datetime) -> datetime:
            """Return the later instant."""
            return max(one, other)
        ''',
    "kernel/small.py": '"""Sixty small things."""\n'
    + "".join(f'\n\ndef small{number}():\n    """Do little."""\n' for number in range(60)),
    "platform/__init__.py": '"""The database."""\n',
    "platform/clock.py": '''
        """The clock."""
        from datetime import UTC, datetime

        def now() -> datetime:
            """Return the present instant in UTC."""
            return datetime.now(UTC)
        ''',
    "platform/database.py": '''
        """The one commit."""
        from contextlib import asynccontextmanager
        from linli.platform.clock import now

        @asynccontextmanager
        async def transaction(engine, region_id):
            """Open a transaction; commits when the block ends."""
            async with engine.connect() as connection:
                yield (connection, now())
                await connection.commit()
        ''',
    "platform/machines.py": '''
        """The one move."""
        from sqlalchemy import update

        async def move(tx, record, machine, verb):
            """Move a row by a verb."""
            await tx.execute(update(record).values(state=machine.target(verb)))
        ''',
    "money/__init__.py": '''
        """The money room."""
        from linli.money.charge.commands import open_charge
        from linli.money.charge.model import ChargeState

        __all__ = ["ChargeState", "open_charge"]
        ''',
    "money/channels/__init__.py": '"""Channels."""\n',
    "money/channels/interface.py": '''
        """What every channel can do."""
        import httpx2

        async def ask(channel, number):
            """Ask a channel about a number."""
            return await httpx2.AsyncClient().get(number)
        ''',
    "money/charge/__init__.py": '"""Charges."""\n',
    "money/charge/model.py": '''
        """States of a charge."""
        from enum import StrEnum
        from linli.kernel.machine import Machine

        class ChargeState(StrEnum):
            """Where a charge stands."""
            OPEN = "open"
            PAID = "paid"

        MOVES = {"pay": ((ChargeState.OPEN,), ChargeState.PAID)}
        CHARGE = Machine("charge", ChargeState.OPEN, MOVES, (ChargeState.PAID,))
        ''',
    "money/charge/rules.py": '''
        """What a charge may be."""
        import math
        from linli.kernel.weights import later
        from linli.money.charge.model import ChargeState

        def is_due(state: ChargeState) -> bool:
            """Tell whether somebody still has to pay."""
            return state == ChargeState.OPEN and math.pi > later(1, 2)
        ''',
    "money/charge/records.py": '''
        """Rows of charges."""
        from sqlalchemy.orm import Mapped
        from linli.platform.manifest import Base
        from linli.money.charge.model import ChargeState

        class Charge(Base):
            """One charge."""
            state: Mapped[ChargeState]
        ''',
    "money/charge/store.py": '''
        """The SQL of charges."""
        from sqlalchemy import insert, select, text
        from linli.money.charge.records import Charge

        PAID = text("UPDATE money.charges SET paid_fen = paid_fen + 1 WHERE state = 'open'")

        async def write(tx, number):
            """Write an open charge."""
            await tx.execute(insert(Charge).values(id=number, state="open"))

        async def locked(tx, number):
            """Return a charge with its row locked."""
            return await tx.first(select(Charge).with_for_update())
        ''',
    "money/charge/events.py": '''
        """What charges announce."""
        from linli.kernel.facts import Fact

        class ChargePaid(Fact):
            """A charge was paid."""
        ''',
    "money/charge/queries.py": '''
        """Charges for screens."""
        from sqlalchemy import select
        from linli.money.charge.records import Charge

        async def of_member(tx, member_id):
            """Return a member's charges."""
            return await tx.all(select(Charge))
        ''',
    "money/charge/commands.py": '''
        """What people do with charges."""
        from linli.money.charge import store
        from linli.money.charge.events import ChargePaid
        from linli.money.charge.model import CHARGE
        from linli.money.charge.records import Charge
        from linli.platform.machines import move

        async def open_charge(tx, *, number):
            """Open a charge."""
            await store.write(tx, number)

        async def pay(tx, *, number):
            """Take note that a charge was paid."""
            await move(tx, Charge, CHARGE, "pay")
            await tx.announce(ChargePaid())
        ''',
    "money/charge/jobs.py": '''
        """Asks the channel about charges."""
        import httpx2
        from linli.money.channels.interface import ask
        from linli.money.charge.commands import pay
        from linli.platform.database import transaction

        async def poll(installation, channel, number):
            """Ask the channel and write the answer."""
            answer = await channel.query_charge(number)
            async with transaction(installation.engine, 1) as tx:
                await pay(tx, number=answer)
        ''',
    "money/charge/http.py": '''
        """Routes of charges."""
        from linli.money.charge import commands
        from linli.platform.database import transaction
        from linli.platform.web import get

        @get("/charges")
        async def read_charges(engine):
            async with transaction(engine, 1) as tx:
                await commands.pay(tx, number=1)
        ''',
    "ordering/__init__.py": '''
        """The ordering room."""
        from linli.ordering.order.commands import place

        __all__ = ["place"]
        ''',
    "ordering/order/__init__.py": '"""Orders."""\n',
    "ordering/order/commands.py": '''
        """What people do with orders."""
        from linli.money import ChargeState, open_charge

        async def place(tx, *, number):
            """Place an order and open its charge."""
            if number == ChargeState.OPEN:
                await open_charge(tx, number=number)
        ''',
    "reactions/__init__.py": '"""The story of the business."""\n',
    "reactions/when_money_moves.py": '''
        """When money moves."""
        from linli.ordering import place

        async def order_is_placed(tx, fact):
            """A paid charge places the order."""
            await place(tx, number=fact.number)
        ''',
    "entry/__init__.py": '"""The way in."""\n',
    "entry/web.py": '''
        """The web server."""
        import time
        from linli.money.charge import http, jobs
        from linli.money.charge.records import Charge

        def build_app(preset):
            """Build the application."""
            return (http, jobs, Charge, time.time(), preset == "meituan")
        ''',
}


@dataclass(frozen=True)
class Fault:
    """One planted fault: what somebody did, the check that must see it, the files that do it, and what it must say."""

    name: str
    check: Check
    files: Mapping[str, str]
    where: str
    says: str

    def __str__(self) -> str:
        return self.name


def plant(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """Write the clean house, given texts added to its files or laid in new ones, and return its root."""
    root = folder / "linli"
    laid = {path: dedent(text).lstrip("\n") for path, text in CLEAN.items()}
    for path, text in (files or {}).items():
        own = dedent(text).lstrip("\n")
        laid[path] = f"{laid[path]}\n\n{own}" if path in laid and not own.startswith('"""') else own
    for path, text in laid.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return root


def assert_seen(fault: Fault, folder: Path) -> None:
    """Assert that the check sees the fault at its place and says what is wrong."""
    found = fault.check(plant(folder, fault.files))
    assert len(found) >= 1, f"{fault.name}: nobody noticed"
    assert all(fault.where in line for line in found), found
    assert any(fault.says in line for line in found), found

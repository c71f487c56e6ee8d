"""The job that fetches a bill and keeps its lines, region by region; it may run any number of times."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import islice

from linli.money.channels.bills import read_bill
from linli.money.channels.interface import BillLine, BillSource
from linli.money.notice.rules import home_of
from linli.money.reconciliation import commands
from linli.money.reconciliation.events import FetchBill
from linli.platform.installation import Installation
from linli.platform.jobs import carries

BY = "system:bill"
AT_ONCE = 2_000


@carries(FetchBill)
async def fetch(installation: Installation, region_id: int, wish: FetchBill) -> None:
    """Fetch a bill and keep its lines; one that is not written yet raises, and is fetched again later."""
    channel: BillSource | None = installation.channels.get(wish.channel)
    if channel is None:
        return  # the channel was taken out of this installation
    day = date.fromisoformat(wish.day)
    packed = await channel.bill(day)
    lines, count = read_bill(wish.channel, packed), 0
    while some := await asyncio.to_thread(_next, lines):
        count += len(some)
        await _keep(installation, wish.channel, day, some)
    digest = hashlib.sha256(packed).hexdigest()
    ended = partial(commands.end_bill, channel=wish.channel, day=day, digest=digest, lines=count)
    await installation.db.run(ended, 0, by=BY)


def _next(lines: Iterator[BillLine]) -> list[BillLine]:
    return list(islice(lines, AT_ONCE))


async def _keep(installation: Installation, channel: str, day: date, lines: list[BillLine]) -> None:
    by_region: dict[int, list[BillLine]] = {}
    for line in lines:
        by_region.setdefault(home_of(line.number) or 0, []).append(line)
    for region_id, own in sorted(by_region.items()):
        await installation.db.run(partial(commands.keep_lines, channel=channel, day=day, lines=own), region_id, by=BY)

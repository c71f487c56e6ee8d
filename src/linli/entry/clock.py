"""What time alone makes due, region by region: every command here is idempotent and safe with several workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

import linli.fulfilment
import linli.marketing
import linli.money
import linli.ordering
import linli.people
import linli.sale
import linli.settlement
from linli.platform import idempotency, outbox
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.partitions import ensure_partitions, week_ahead

log = structlog.get_logger()

BATCH_AGE = timedelta(minutes=15)


async def carry_over(tx: Tx) -> int:
    """Carry the sub-ledger into the ledger, at most every quarter of an hour; returns the number of batches."""
    return await linli.money.post_batches(tx, once_older_than=BATCH_AGE)


async def settle_days(tx: Tx) -> int:
    """Settle the cycles whose day is over; what was not collected can still be; returns how many."""
    over = [cycle for cycle in await linli.sale.cycles_in(tx, "collecting") if cycle.day_settled <= tx.now]
    return sum([await linli.sale.advance(tx, cycle_id=cycle.id, verb="settle") for cycle in over])


DUE: tuple[tuple[str, Callable[[Tx], Awaitable[int]]], ...] = (
    ("cycles opened", linli.sale.open_due),
    ("charges polled", linli.money.poll_unanswered),  # what was paid is taken before anything expires
    ("holds expired", linli.ordering.expire_holds),
    ("teams ended", linli.ordering.end_due_teams),
    ("cycles closed", linli.sale.close_due),
    ("bills compared", linli.money.compare_bills),
    ("ledger batches", carry_over),
    ("days settled", settle_days),
    ("parcels received", linli.fulfilment.receive_overdue),
    ("points expired", linli.marketing.expire_points),
    ("statements", linli.settlement.make_statements),
    ("lost wishes", outbox.requeue_lost),
    ("old answers", idempotency.forget),
)
EVERYWHERE: tuple[tuple[str, Callable[[Tx], Awaitable[int]]], ...] = (
    ("bills wanted", linli.money.want_bills),
    ("old codes", linli.people.forget_old_codes),
    ("lost wishes", outbox.requeue_lost),
    ("old answers", idempotency.forget),
)


async def tick(installation: Installation, *, regions: list[int] | None = None) -> dict[str, int]:
    """Do everything that is due now in the given (or all) regions; a failing command stops no other; returns counts."""
    done: dict[str, int] = {}
    if regions is None:
        async with installation.db.transaction(0, by="system:clock") as tx:
            regions = [region.id for region in await linli.people.regions(tx)]
    for region_id in [*regions, 0]:
        for name, command in DUE if region_id else EVERYWHERE:
            try:
                count = await installation.db.run(command, region_id, by="system:clock")
            except Exception as error:  # the next tick tries again; the others must not wait for it
                log.error("tick_failed", command=name, region=region_id, exc_info=error)
                done["failed"] = done.get("failed", 0) + 1
                continue
            done[name] = done.get(name, 0) + count
    return done


async def daily(installation: Installation) -> None:
    """Make the partitions of the coming week, and sweep away the jobs of killed workers."""
    await ensure_partitions(installation.db, week_ahead(installation.clock.now().date()))
    await installation.runner.sweep()

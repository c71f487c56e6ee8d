"""When goods are in the member's hands: the leader has earned, and loses again what is refunded later."""

from __future__ import annotations

from linli import ordering, settlement
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(ordering.OrderCollected)
async def the_leader_earns(tx: Tx, fact: ordering.OrderCollected) -> None:
    """Accrue the commission of what was handed over."""
    await settlement.accrue(
        tx, order_id=fact.order_id, cycle_id=fact.cycle_id, station_id=fact.station_id,
        leader_id=fact.leader_id, lines=fact.lines,
    )  # fmt: skip


@when(ordering.LineRefunded)
async def the_leader_earns_less(tx: Tx, fact: ordering.LineRefunded) -> None:
    """Take back the commission on what had been collected and was refunded."""
    await settlement.reduce(tx, line_id=fact.line_id, refund_id=fact.refund_id, reversed_fen=fact.reversed_fen)

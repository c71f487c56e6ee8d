"""When a team is complete whose members paid the base price, each of them gets the difference back."""

from __future__ import annotations

from linli import marketing, ordering
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(marketing.TeamPriceReached)
async def the_difference_comes_back(tx: Tx, fact: marketing.TeamPriceReached) -> None:
    """Give one member the difference back, once; each by itself, so that none waits for another."""
    (line,) = (await ordering.order(tx, fact.order_id)).lines
    back = min(fact.amount_fen, line.paid_fen - line.refunded_fen)  # a cancelled order has nothing left
    if back:
        await ordering.refund_line(
            tx, line_id=line.id, amount_fen=back, reason="拼团成功，退还差价", ref_kind="team", ref_id=fact.team_id
        )

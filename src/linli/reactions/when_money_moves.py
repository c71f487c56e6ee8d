"""When money moves: a paid charge pays its orders or goes back, and the member reads about it."""

from __future__ import annotations

from datetime import datetime

from linli import money, ordering, people
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(money.ChargePaid)
async def a_charge_pays_its_orders(tx: Tx, fact: money.ChargePaid) -> None:
    """Mark every order of the charge paid, in id order; what came too late goes back."""
    paid_at = datetime.fromisoformat(fact.paid_at)
    for order_id, amount_fen in sorted((int(order_id), fen) for order_id, fen in fact.orders.items()):
        await ordering.mark_paid(
            tx, order_id=order_id, amount_fen=amount_fen, paid_at=paid_at, charge_id=fact.charge_id, late=fact.late
        )


@when(ordering.OrderPaid)
async def the_member_reads_that_it_is_paid(tx: Tx, fact: ordering.OrderPaid) -> None:
    """Tell the member the serial number and the pickup code."""
    order = await ordering.order(tx, fact.order_id)
    facts = {"serial": order.serial, "amount_fen": fact.amount_fen, "pickup_code": order.pickup_code}
    await people.notify(tx, to=f"member:{fact.member_id}", event="order.paid", facts=facts)


@when(ordering.OrderPaid)
async def the_member_has_one_more_paid_order(tx: Tx, fact: ordering.OrderPaid) -> None:
    """Count the member's paid orders."""
    await people.count_paid_order(tx, member_id=fact.member_id)


@when(ordering.OrderCancelled)
async def the_member_reads_that_it_is_cancelled(tx: Tx, fact: ordering.OrderCancelled) -> None:
    """Tell the member that and why an order was cancelled."""
    order = await ordering.order(tx, fact.order_id)
    facts = {"serial": order.serial or order.id, "reason": fact.reason, "refund_fen": fact.refunded_fen}
    await people.notify(tx, to=f"member:{fact.member_id}", event="order.cancelled", facts=facts)


@when(money.RefundDone)
async def the_member_reads_that_money_came_back(tx: Tx, fact: money.RefundDone) -> None:
    """Tell the member that a refund of an order arrived."""
    order = await ordering.order(tx, fact.order_id)
    facts = {"amount_fen": fact.amount_fen, "order_id": str(fact.order_id)}
    await people.notify(tx, to=f"member:{order.member_id}", event="refund.done", facts=facts)


@when(money.RefundStuck)
async def finance_reads_that_a_refund_is_stuck(tx: Tx, fact: money.RefundStuck) -> None:
    """Put the refund before a person of finance."""
    facts = {"refund_id": str(fact.refund_id), "amount_fen": fact.amount_fen, "order_id": str(fact.order_id)}
    await people.notify(tx, to="staff:finance", event="refund.stuck", facts=facts)

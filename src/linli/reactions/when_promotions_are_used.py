"""When orders with promotions are paid, collected or refunded: what was locked is spent, earned, or comes back."""

from __future__ import annotations

from linli import marketing, ordering
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(ordering.OrderPaid)
async def its_coupons_are_spent(tx: Tx, fact: ordering.OrderPaid) -> None:
    """Mark spent what the order holds."""
    await marketing.spend_coupons(tx, order_id=fact.order_id)


@when(ordering.OrderCollected)
async def the_member_and_whoever_invited_them_are_rewarded(tx: Tx, fact: ordering.OrderCollected) -> None:
    """Give the points for what was handed over, and decide a newcomer's invite when nothing is left at the station."""
    if fact.lines:
        fen = sum(line.amount_fen for line in fact.lines)
        part = f"{fact.lines[0].line_id}:{fact.lines[0].part}"
        await marketing.earn_points(tx, member_id=fact.member_id, order_id=fact.order_id, fen=fen, part=part)
    if fact.complete:
        await marketing.reward_inviter(tx, newcomer_id=fact.member_id)


@when(ordering.LineRefunded)
async def what_was_used_for_it_comes_back(tx: Tx, fact: ordering.LineRefunded) -> None:
    """Give back points in proportion to what was refunded, and coupons when all was; take back points it earned."""
    order = await ordering.order(tx, fact.order_id)
    refunded = sum(line.refunded_fen for line in order.lines)
    paid = sum(line.paid_fen for line in order.lines)
    if refunded >= paid:
        await marketing.free_coupons(tx, order_ids=[order.id])
    await marketing.refund_points(tx, order_id=order.id, refunded_fen=refunded, paid_fen=paid)
    await marketing.take_points_back(tx, order_id=order.id, refund_id=fact.refund_id, reversed_fen=fact.reversed_fen)

"""Many orders with every kind of promotion, placed and cancelled by several processes at once: every counter agrees."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import text

from linli import ordering
from linli.kernel.refusals import Refusal
from linli.platform.database import Tx
from tests.marketing.stall import claimed, office, place, running, template
from tests.ordering.village import Village
from tests.people_cast import Person, done

# Each of these is empty when what is counted equals what it counts.
AGREEMENTS = {
    "coupon budgets": """
        SELECT t.id FROM marketing.coupon_templates t LEFT JOIN marketing.coupons c
        ON c.region_id = t.region_id AND c.template_id = t.id
        WHERE t.region_id = :region_id GROUP BY t.id, t.taken_fen, t.issued, t.budget_fen
        HAVING t.issued <> count(c.id)
        OR (t.budget_fen IS NOT NULL AND t.taken_fen <> coalesce(sum(c.taken_fen), 0))""",
    "campaign budgets": """
        SELECT c.id FROM marketing.campaigns c LEFT JOIN marketing.campaign_uses u
        ON u.region_id = c.region_id AND u.campaign_id = c.id AND u.given_back_at IS NULL
        WHERE c.region_id = :region_id AND c.budget_fen IS NOT NULL GROUP BY c.id, c.taken_fen
        HAVING c.taken_fen <> coalesce(sum(u.taken_fen), 0)""",
    "purses": """
        SELECT p.member_id FROM marketing.purses p LEFT JOIN marketing.point_movements m
        ON m.region_id = p.region_id AND m.member_id = p.member_id AND m.expires_on = p.expires_on
        WHERE p.region_id = :region_id GROUP BY p.member_id, p.expires_on, p.points
        HAVING p.points <> coalesce(sum(m.points), 0)""",
    "held by orders that do not stand": """
        SELECT o.id FROM ordering.orders o WHERE o.region_id = :region_id AND o.state = 'cancelled' AND (
        EXISTS (SELECT 1 FROM marketing.coupons c WHERE c.region_id = o.region_id AND c.order_id = o.id)
        OR EXISTS (SELECT 1 FROM marketing.campaign_uses u WHERE u.region_id = o.region_id AND u.order_id = o.id
            AND u.given_back_at IS NULL)
        OR (SELECT coalesce(sum(m.points), 0) FROM marketing.point_movements m
            WHERE m.region_id = o.region_id AND m.order_id = o.id) <> 0)""",
    "discounts that nothing bears": """
        SELECT o.id FROM ordering.orders o WHERE o.region_id = :region_id AND o.state <> 'cancelled'
        AND o.goods_fen - o.payable_fen <>
        (SELECT coalesce(sum(c.taken_fen), 0) FROM marketing.coupons c
            WHERE c.region_id = o.region_id AND c.order_id = o.id)
        + (SELECT coalesce(sum(u.taken_fen), 0) FROM marketing.campaign_uses u
            WHERE u.region_id = o.region_id AND u.order_id = o.id AND u.given_back_at IS NULL)
        + (SELECT coalesce(sum(m.fen), 0) FROM marketing.point_movements m
            WHERE m.region_id = o.region_id AND m.order_id = o.id AND m.kind = 'spent')""",
}


async def disagreements(village: Village) -> dict[str, list[Any]]:
    """Return what does not agree."""

    async def work(tx: Tx) -> dict[str, list[Any]]:
        found = {}
        for name, statement in AGREEMENTS.items():
            rows = (await tx.execute(text(statement), {"region_id": tx.region_id})).all()
            if rows:
                found[name] = [tuple(row) for row in rows]
        return found

    return await village.do(work)


@pytest.mark.rule("ORD-2")
async def test_after_a_busy_evening_every_counter_agrees_with_what_it_counts(village: Village) -> None:
    dice = random.Random(20_261_123)
    made = await template(village, budget_fen=4_000, per_member=30, threshold_fen=1_000)
    rungs = [{"reached": 3_000, "off_fen": 300}]
    await office(
        village, "/campaigns",
        await running(village, kind="amount", title="满30减3", rungs=rungs, budget_fen=3_000),
    )  # fmt: skip
    people = [village.lady, village.uncle]
    coupons = {who.id: [await claimed(who, made) for _ in range(8)] for who in people}
    for who in people:
        grant = {"points": 2_000, "reason": "活动", "ref": f"for{who.id}"}
        done(await (await village.cast.operator()).post(f"/console/members/{who.id}/points", grant))

    async def evening(who: Person) -> str:
        using: dict[str, Any] = {}
        if dice.random() < 0.6:
            using["coupon"] = [dice.choice(coupons[who.id])]
        if dice.random() < 0.5:
            using["points"] = dice.choice([100, 300, "all"])
        goods = dice.sample([village.apples, village.milk, village.offers[2]], dice.randint(1, 2))
        cancels = dice.random() < 0.4
        placed = await place(village, who, *[(offer, 1) for offer in goods], **using)
        if isinstance(placed, Refusal):
            return placed.code
        if cancels:
            await village.do(
                lambda tx: ordering.cancel(tx, order_id=placed.id, member_id=who.id, reason="不要了")
            )  # fmt: skip
        return "cancelled" if cancels else "placed"

    ended: list[str] = []
    for _ in range(4):
        ended += await asyncio.gather(*[evening(dice.choice(people)) for _ in range(12)])
    assert {"placed", "cancelled"} <= set(ended) <= {
        "placed", "cancelled", "coupon_in_use", "coupon_budget_spent", "not_enough_points", "promotion_not_usable",
        "limit_exceeded", "sold_out",
    }, ended  # fmt: skip
    assert await disagreements(village) == {}
    await village.in_balance()

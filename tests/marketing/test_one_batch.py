"""Orders that are decided together see what those before them took, and the database has the last word."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from linli import ordering
from linli.kernel.refusals import Refusal
from linli.ordering import Placement
from linli.platform.database import Tx
from tests.marketing.stall import claimed, office, rows, running, template
from tests.marketing.test_busy_evening import disagreements
from tests.marketing.test_campaigns import eggs
from tests.marketing.test_points import granted
from tests.ordering.village import Village
from tests.people_cast import Person


async def batch(village: Village, *wanted: tuple[Person, tuple[tuple[int, int], ...], dict[str, Any]]) -> list[str]:
    """Place orders in one transaction; returns "placed" or the code of the refusal for each."""
    placements = [
        Placement(who.id, village.cycle_id, lines, f"member:{who.id}", using=using) for who, lines, using in wanted
    ]

    async def work(tx: Tx) -> list[str]:
        answers = await ordering.place_many(tx, placements=placements)
        return [answer.code if isinstance(answer, Refusal) else "placed" for answer in answers]

    return await village.do(work)


@pytest.mark.rule("ORD-2")
async def test_in_one_batch_a_coupon_counts_once_and_a_budget_is_not_overdrawn(village: Village) -> None:
    made = await template(village, budget_fen=1_000, per_member=4)
    first, second, third = [await claimed(village.lady, made) for _ in range(3)]
    theirs = await claimed(village.uncle, made)
    apples = ((village.apples, 1),)
    answers = await batch(
        village,
        (village.lady, apples, {"coupon": [first]}),
        (village.lady, apples, {"coupon": [first]}),
        (village.lady, apples, {"coupon": [theirs]}),
        (village.lady, apples, {"coupon": "nonsense"}),
        (village.lady, apples, {"coupon": [second]}),
        (village.uncle, apples, {"coupon": [theirs]}),
        (village.lady, apples, {}),
        (village.lady, apples, {"coupon": [third]}),
    )
    assert answers == [
        "placed", "coupon_in_use", "no_such_coupon", "coupon_unclear", "placed", "coupon_budget_spent", "placed",
        "coupon_budget_spent",
    ]  # fmt: skip
    assert await village.count("orders") == 3 == await village.sold(village.apples)
    assert await disagreements(village) == {}


@pytest.mark.rule("ORD-2")
async def test_in_one_batch_points_are_spent_once_and_a_campaign_ends_with_its_budget(village: Village) -> None:
    await granted(village, village.lady, 500)
    rungs = [{"reached": 3_000, "off_fen": 300}]
    body = await running(village, kind="amount", title="满30减3", rungs=rungs, budget_fen=700)
    await office(village, "/campaigns", body)
    apples = ((village.apples, 1),)
    answers = await batch(
        village,
        (village.lady, apples, {"points": 400}),
        (village.lady, apples, {"points": 400}),
        (village.lady, apples, {"points": 100}),
        (village.uncle, apples, {}),
    )
    assert answers == ["placed", "not_enough_points", "placed", "placed"]
    payable = text("SELECT payable_fen FROM ordering.orders WHERE region_id = :region_id ORDER BY id")

    async def costs(tx: Tx) -> list[int]:
        return [row[0] for row in await tx.execute(payable, {"region_id": tx.region_id})]

    assert await village.do(costs) == [3_900 - 300 - 400, 3_900 - 300 - 100, 3_900]
    assert await disagreements(village) == {}


@pytest.mark.rule("MEM-6")
async def test_in_one_batch_a_newcomer_takes_one_gift(village: Village) -> None:
    gift = await eggs(village)
    await office(village, "/gifts", await running(village, title="新人送鸡蛋"))
    lines = ((village.apples, 1), (gift, 1))
    answers = await batch(village, *[(who, lines, {}) for who in (village.lady, village.lady, village.uncle)])
    assert answers == ["placed", "gift_not_earned", "placed"]
    assert await rows(village, "gift_takings") == [2]


@pytest.mark.rule("CYC-6")
@pytest.mark.parametrize(
    "overdrawn",
    [
        "UPDATE marketing.coupon_templates SET taken_fen = budget_fen + 1 WHERE region_id = :region_id",
        "UPDATE marketing.coupon_templates SET issued = stock + 1 WHERE region_id = :region_id",
        "UPDATE marketing.campaigns SET taken_fen = budget_fen + 1 WHERE region_id = :region_id",
        "UPDATE marketing.purses SET points = -1 WHERE region_id = :region_id",
        "UPDATE marketing.coupons SET order_id = 7 WHERE region_id = :region_id",
    ],
)
async def test_even_a_wrong_program_cannot_overdraw_what_is_guarded(village: Village, overdrawn: str) -> None:
    await claimed(village.lady, await template(village, budget_fen=1_000, stock=5))
    await granted(village, village.lady, 5)
    rungs = [{"reached": 3_000, "off_fen": 300}]
    body = await running(village, kind="amount", title="满30减3", rungs=rungs, budget_fen=700)
    await office(village, "/campaigns", body)

    async def wrong(tx: Tx) -> int:
        return int((await tx.execute(text(overdrawn), {"region_id": tx.region_id})).rowcount)  # type: ignore[attr-defined]

    with pytest.raises(IntegrityError):
        await village.do(wrong)
    assert await disagreements(village) == {}

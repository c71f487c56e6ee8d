"""Stories of what leaders earn: at the hand-over, after a refund, when the week is settled, and after that."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linli import money, ordering, sale, settlement
from linli.kernel.refusals import Refusal
from tests.ordering.test_lines import arrived, hand_over, refund
from tests.ordering.village import Village
from tests.people_cast import done

TEN_PERCENT_OF_TWO_BOXES = 780
SECOND_MONDAY = datetime(2026, 12, 6, 18, 0, tzinfo=UTC)  # Monday 7 December, 02:00 in Shanghai


async def earnings(village: Village) -> dict[str, Any]:
    """Return what 王姐 sees of her earnings."""
    return done(await village.leader.get("/leader/earnings"))  # type: ignore[no-any-return]


async def collected(village: Village) -> ordering.OrderValue:
    """Return an order of two boxes of apples, 78.00, in 李阿姨's hands."""
    order = await arrived(village, (village.apples, 2))
    await hand_over(village, order.id)
    await village.drain()
    return await village.value(order.id)


async def settle(village: Village, at: datetime = SECOND_MONDAY) -> int:
    """Let the weekly settlement run at an instant."""
    village.clock.set(at)
    made = await village.do(settlement.make_statements)
    await village.drain()
    return made


@pytest.mark.rule("COM-2")
async def test_the_leader_earns_when_the_member_collects_and_sees_why(village: Village) -> None:
    order = await arrived(village, (village.apples, 2))
    assert (await earnings(village))["items"] == []
    await hand_over(village, order.id)
    await village.drain()
    seen = await earnings(village)
    assert (seen["pending_fen"], seen["available_fen"], seen["owed_fen"]) == (TEN_PERCENT_OF_TWO_BOXES, 0, 0)
    [line] = seen["items"]
    assert (line["rule_scope"], line["rate_bp"], line["collected_fen"]) == ("category", 1_000, 7_800)
    assert [(why["cause"], why["base_fen"], why["delta_fen"]) for why in line["why"]] == [("collected", 7_800, 780)]
    await village.in_balance()


@pytest.mark.rule("COM-2")
async def test_a_refund_takes_the_commission_back_in_proportion(village: Village) -> None:
    order = await collected(village)
    await refund(village, order.lines[0].id, amount_fen=2_600)
    await village.drain()
    seen = await earnings(village)
    assert seen["pending_fen"] == 520
    assert [why["delta_fen"] for why in seen["items"][0]["why"]] == [780, -260]
    await village.in_balance()


@pytest.mark.rule("STL-1")
async def test_the_week_is_settled_once_after_the_freeze_whoever_races(village: Village) -> None:
    await collected(village)
    assert await settle(village, SECOND_MONDAY - timedelta(days=7)) == 0  # collected on Monday: still frozen
    village.clock.set(SECOND_MONDAY - timedelta(seconds=1))
    assert await village.do(settlement.make_statements) == 0
    village.clock.set(SECOND_MONDAY)
    made = await asyncio.gather(*[village.do(settlement.make_statements) for _ in range(6)])
    assert sorted(made) == [0, 0, 0, 0, 0, 1]
    seen = await earnings(village)
    assert (seen["pending_fen"], seen["available_fen"]) == (0, TEN_PERCENT_OF_TWO_BOXES)
    [statement] = done(await village.leader.get("/leader/statements"))["items"]
    assert (statement["week"], statement["released_fen"], statement["lines"]) == ("2026-W49", 780, 1)
    await village.in_balance()


@pytest.mark.rule("COM-2")
async def test_a_refund_after_settlement_is_clawed_back_and_what_is_missing_stays_owed(village: Village) -> None:
    order = await collected(village)
    await settle(village)
    await refund(village, order.lines[0].id, amount_fen=2_600)
    await village.drain()
    seen = await earnings(village)
    assert (seen["available_fen"], seen["owed_fen"]) == (520, 0)

    spent = [money.Entry("commission_paid", 500, "test", 1, owner_id=village.leader.id, provider="offline")]
    await village.do(lambda tx: money.record(tx, entries=spent))
    await refund(village, order.lines[0].id, amount_fen=5_200, ref_id=2)
    await village.drain()
    seen = await earnings(village)
    assert (seen["available_fen"], seen["owed_fen"]) == (0, 500)
    await village.in_balance()


@pytest.mark.rule("COM-2")
async def test_what_is_owed_is_recovered_from_later_earnings(village: Village) -> None:
    owed = [money.Entry("claw_back_owed", 300, "test", 1, owner_id=village.leader.id)]
    await village.do(lambda tx: money.record(tx, entries=owed))
    await collected(village)
    await settle(village)
    seen = await earnings(village)
    assert (seen["available_fen"], seen["owed_fen"]) == (480, 0)
    [statement] = done(await village.leader.get("/leader/statements"))["items"]
    assert (statement["released_fen"], statement["recovered_fen"]) == (780, 300)


@pytest.mark.rule("COM-1")
async def test_a_rule_for_the_leader_comes_before_the_category_and_is_kept_on_the_line(village: Village) -> None:
    finance = await village.cast.finance()
    rule = {"scope": "leader", "scope_id": str(village.leader.id), "rate_bp": 1_500, "reason": "金牌奖励"}
    set_rule = done(await finance.post("/console/commission-rules", rule))
    await collected(village)
    later = {**rule, "rate_bp": 100}
    done(await finance.post("/console/commission-rules", later))
    [line] = (await earnings(village))["items"]
    assert (line["rule_id"], line["rule_scope"], line["amount_fen"]) == (set_rule["id"], "leader", 1_170)


async def test_a_rule_that_contradicts_itself_is_refused_and_nothing_is_written(village: Village) -> None:
    finance = await village.cast.finance()
    for wrong in (
        {"scope": "region", "scope_id": "5", "rate_bp": 100},
        {"scope": "category", "rate_bp": 100},
        {"scope": "category", "scope_id": "5", "level": "gold", "rate_bp": 100},
        {"scope": "category_level", "scope_id": "5", "rate_bp": 100},
        {"scope": "region", "rate_bp": 100, "piece_fen": 5},
        {"scope": "region", "rate_bp": 5_001},
        {"scope": "region", "rate_bp": -1},
        {"scope": "moon"},
    ):
        answer = await finance.post("/console/commission-rules", wrong)
        assert answer.status_code == 422, wrong
        assert answer.json()["code"] in ("rule_refused", "invalid_request")
    assert done(await finance.get("/console/commission-rules")) == []


async def test_a_leader_sees_no_other_leaders_earnings(village: Village) -> None:
    await collected(village)
    other = await village.cast.leader("陈姐")
    assert done(await other.get("/leader/earnings"))["items"] == []
    answer = await village.lady.get("/leader/earnings")
    assert answer.status_code == 403


async def test_a_refund_told_before_its_collection_waits_for_it(village: Village) -> None:
    with pytest.raises(RuntimeError):
        await village.do(lambda tx: settlement.reduce(tx, line_id=5, refund_id=1, reversed_fen=100))
    with pytest.raises(Refusal):
        await village.do(lambda tx: sale.offer(tx, 5))

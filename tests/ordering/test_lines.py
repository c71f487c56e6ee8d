"""Stories of the lines of paid orders: short goods, refunds, hand-overs, and the money they move."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from linli import money, ordering
from linli.kernel.refusals import Refusal
from linli.ordering.line.model import HandedOver
from linli.ordering.order.queries import orders_at_station
from linli.platform.database import Tx
from tests.ordering.village import GRACE, Village


async def arrived(village: Village, *lines: tuple[int, int]) -> ordering.OrderValue:
    """Return an order of 李阿姨 that is paid and whose goods are at the station."""
    order = await village.paid_order(village.lady, *lines)
    village.clock.set(GRACE)
    for verb in ("confirm", "buy", "sort", "depart", "arrive"):
        await village.do(lambda tx, verb=verb: ordering.advance_orders(tx, cycle_id=village.cycle_id, verb=verb))  # type: ignore[misc]
    return await village.value(order["id"])


async def refund(village: Village, line: int, **what: Any) -> int:
    """Refund a line for a made-up origin."""
    given: dict[str, Any] = {"reason": "缺货", "ref_kind": "shortage", "ref_id": 1} | what
    return await village.do(lambda tx: ordering.refund_line(tx, line_id=line, **given))


async def hand_over(village: Village, order_id: int, **what: Any) -> HandedOver:
    """Hand over goods of an order at 王姐's."""
    return await village.do(
        lambda tx: ordering.mark_collected(tx, order_id=order_id, leader_id=village.leader.id, **what)
    )


async def refused(work: Any, code: str) -> None:
    """Prove that something is refused with a code."""
    with pytest.raises(Refusal) as caught:
        await work
    assert caught.value.code == code


async def revenue(village: Village) -> int:
    """Return the posted revenue of the region in fen."""
    await village.do(money.post_batches)
    return await village.do(lambda tx: money.balance(tx, "revenue"))


@pytest.mark.rule("PAY-6")
async def test_short_pieces_are_refunded_once_and_never_more_than_was_paid(village: Village) -> None:
    order = await arrived(village, (village.apples, 3))
    line = order.lines[0].id
    await village.do(lambda tx: ordering.set_short(tx, short={line: 1}))
    assert await refund(village, line, quantity=1) == 3_900
    assert await refund(village, line, quantity=1) == 3_900
    await refused(refund(village, line, quantity=3, ref_id=2), "refund_too_large")
    await refused(refund(village, line, amount_fen=7_801, ref_id=2), "refund_too_large")
    await refused(refund(village, line, quantity=-1, ref_id=2), "refund_unclear")
    await refused(refund(village, line, ref_id=2), "refund_unclear")
    await refused(refund(village, line + 500, quantity=1, ref_id=2), "line_not_found")
    after = (await village.value(order.id)).lines[0]
    assert (after.short_quantity, after.refunded_quantity, after.refunded_fen) == (1, 1, 3_900)
    assert [each.amount_fen for each in await village.refunds(order.id)] == [3_900]
    await village.drain()
    await village.in_balance()


async def test_twenty_refunds_at_once_never_exceed_what_was_paid(village: Village) -> None:
    order = await arrived(village, (village.apples, 3))
    line = order.lines[0].id
    answers = await asyncio.gather(
        *[refund(village, line, amount_fen=1_000, ref_id=number) for number in range(20)], return_exceptions=True
    )
    assert sum(1 for answer in answers if answer == 1_000) == 11
    others = [answer for answer in answers if answer != 1_000]
    assert {getattr(answer, "code", repr(answer)) for answer in others} == {"refund_too_large"}
    assert (await village.value(order.id)).lines[0].refunded_fen == 11_000
    assert sum(each.amount_fen for each in await village.refunds(order.id)) == 11_000


async def test_a_hand_over_earns_what_was_not_refunded_and_is_answered_again_as_done(village: Village) -> None:
    order = await arrived(village, (village.apples, 3), (village.milk, 2))
    await refund(village, order.lines[0].id, quantity=1)
    done = await hand_over(village, order.id)
    assert (done.complete, done.repeated) == (True, False)
    assert sorted(done.pieces.values()) == [2, 2]
    again = await hand_over(village, order.id)
    assert (again.complete, again.repeated, again.at) == (True, True, village.clock.now())
    assert (await village.value(order.id)).state == "collected"
    assert await revenue(village) == 2 * 3_900 + 2 * 1_250
    assert await refund(village, order.lines[1].id, amount_fen=500, reason="质量", ref_kind="goodwill") == 500
    assert await revenue(village) == 2 * 3_900 + 2 * 1_250 - 500
    await village.drain()
    await village.in_balance()


async def test_a_hand_over_in_parts_earns_part_by_part(village: Village) -> None:
    order = await arrived(village, (village.apples, 3))
    line = order.lines[0].id
    assert not (await hand_over(village, order.id, pieces={line: 1})).complete
    assert await revenue(village) == 3_900
    assert (await village.value(order.id)).state == "at_station"
    await refused(hand_over(village, order.id, pieces={line: 3}), "not_that_many")
    await refused(hand_over(village, order.id, pieces={line: -1}), "not_that_many")
    await refused(hand_over(village, order.id, pieces={line + 500: 1}), "line_not_found")
    assert (await hand_over(village, order.id, pieces={line: 2})).complete
    assert await revenue(village) == 3 * 3_900
    await village.in_balance()


async def test_nothing_is_handed_over_before_it_arrived_or_at_another_leaders(village: Village) -> None:
    paid = await village.paid_order(village.lady, (village.apples, 1))
    await refused(hand_over(village, int(paid["id"])), "not_at_station")
    other = await village.cast.leader("孙哥")
    foreign = village.do(lambda tx: ordering.mark_collected(tx, order_id=int(paid["id"]), leader_id=other.id))
    await refused(foreign, "order_not_found")
    assert await revenue(village) == 0


async def test_ten_hand_overs_of_one_order_at_once_earn_once(village: Village) -> None:
    order = await arrived(village, (village.apples, 2))
    answers = await asyncio.gather(*[hand_over(village, order.id) for _ in range(10)])
    assert sum(not answer.repeated for answer in answers) == 1
    assert await revenue(village) == 7_800
    await village.in_balance()


async def test_a_pickup_code_finds_its_order_only_at_its_station_and_cycle(village: Village) -> None:
    order = await arrived(village, (village.apples, 1))

    async def found(tx: Tx, station_id: int, code: str) -> int | None:
        orders = await ordering.orders_by_code(tx, [village.cycle_id], station_id, code)
        return orders[0].id if orders else None

    here = village.leader.station_id
    assert await village.do(lambda tx: found(tx, here, order.pickup_code)) == order.id
    assert await village.do(lambda tx: found(tx, here + 1, order.pickup_code)) is None
    listed = await village.do(lambda tx: orders_at_station(tx, village.cycle_id, here))
    assert [each.id for each in listed] == [order.id]


@pytest.mark.rule("PRC-3")
async def test_the_check_of_the_books_sees_an_order_that_was_falsified(village: Village) -> None:
    order = await arrived(village, (village.apples, 3))
    await refund(village, order.lines[0].id, quantity=1)
    await hand_over(village, order.id)
    await village.in_balance()
    for change in ("refunded_fen = refunded_fen - 1", "recognised_fen = recognised_fen - 1", "payable_fen = 1"):
        statement = text(f"UPDATE ordering.lines SET {change} WHERE region_id = :region_id AND id = :id")
        one = {"region_id": village.cast.region_id, "id": order.lines[0].id}

        async def falsify(tx: Tx, statement: Any = statement, one: Any = one) -> Any:
            await tx.execute(statement, one)
            return await money.check(tx)

        assert (await village.do(falsify)).differences

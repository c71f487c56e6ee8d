"""拼团: neighbours buy together; seats, deadlines, and what happens when a team fills up or falls short."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import marketing, money, ordering
from linli.kernel.price import Item
from linli.marketing.team import rules
from linli.marketing.team.model import Group
from linli.money.channels.interface import ChannelTrouble, RefundAnswer, RefundRequest, RefundState
from linli.platform.database import Tx
from linli.reactions.when_a_team_is_complete import the_difference_comes_back
from tests.marketing.gathering import (
    asking,
    at_the_desk,
    joined,
    neighbours,
    opened,
    states,
    team,
    team_offer,
    time_is_over,
)
from tests.marketing.stall import ordered, paid, place, placed_at_once, quoted, rows
from tests.ordering.village import Village, problem
from tests.people_cast import done


@pytest.mark.rule("TEM-1")
@pytest.mark.rule("PRC-2")
async def test_three_neighbours_make_a_team_and_all_pay_the_team_price(village: Village) -> None:
    offer = await team_offer(village)
    one, two, three = await neighbours(village, 3)
    assert (await quoted(village, one, (offer, 2)))["payable_fen"] == 3_000  # alone
    assert (await quoted(village, one, (offer, 2), team={"open": True}))["payable_fen"] == 2_000
    first = await opened(village, one, offer)
    assert await states(village, one) == ["teaming"]
    await joined(village, two, offer, first)
    seen = await team(village, two, first)
    assert (seen["state"], seen["seats_taken"], seen["size"]) == ("open", 2, 3)
    assert [(seat["leads"], seat["you"], seat["paid"]) for seat in seen["seats"]] == [
        (True, False, True),
        (False, True, True),
    ]
    assert [seat["name"] for seat in seen["seats"]] == ["李*姨", "赵*"]
    await joined(village, three, offer, first)
    assert (await team(village, one, first))["state"] == "complete"
    assert [await states(village, who) for who in (one, two, three)] == [["confirmed"]] * 3
    assert await time_is_over(village) == 0
    await village.in_balance()


@pytest.mark.rule("TEM-1")
async def test_two_want_the_last_seat_and_one_gets_it(village: Village) -> None:
    offer = await team_offer(village, size=2)
    one, two, three = await neighbours(village, 3)
    first = await opened(village, one, offer)
    orders, refused = await placed_at_once(
        *(place(village, who, (offer, 1), expect=1_000, team={"join": first}) for who in (two, three))
    )
    assert (len(orders), refused) == (1, ["team_full"])
    assert (await team(village, one, first))["seats_taken"] == 2
    assert await rows(village, "team_seats") == [2]
    assert await village.sold(offer) == 2


@pytest.mark.rule("TEM-1")
async def test_a_seat_is_held_only_as_long_as_its_payment(village: Village) -> None:
    offer = await team_offer(village, size=2)
    one, two, three = await neighbours(village, 3)
    first = await opened(village, one, offer)
    held = await joined(village, two, offer, first, pay=False)
    before = await village.written()
    body = village.basket((offer, 1), expect=1_000, using={"team": {"join": first}})
    problem(await three.post("/app/orders", body), 409, "team_full")
    assert await village.written() == before
    await time_is_over(village, hours=1)
    assert await states(village, two) == ["cancelled"]
    await joined(village, three, offer, first)
    assert (await team(village, one, first))["state"] == "complete"
    charge = await village.do(lambda tx: ordering.order(tx, int(held["id"])))
    assert charge.paid_at is None


@pytest.mark.rule("TEM-1")
@pytest.mark.rule("PAY-4")
async def test_a_payment_that_comes_when_the_seat_is_gone_goes_back_in_full(village: Village) -> None:
    offer = await team_offer(village, size=2)
    one, two, three = await neighbours(village, 3)
    first = await opened(village, one, offer)
    late = await joined(village, two, offer, first, pay=False)
    charge = await village.charge(two, late["id"])
    await time_is_over(village, hours=1)
    await joined(village, three, offer, first)
    await village.money_comes(charge["id"])
    assert [refund.amount_fen for refund in await village.refunds(late["id"])] == [1_000]
    assert await states(village, two) == ["cancelled"]
    assert (await team(village, one, first))["seats_taken"] == 2
    await village.in_balance()


@pytest.mark.rule("TEM-2")
async def test_only_the_openers_station_sees_and_joins_its_team_unless_it_is_for_the_region(village: Village) -> None:
    here, everywhere = await team_offer(village), await team_offer(village, unit="region")
    leader = await village.cast.leader("刘哥")
    (stranger,) = await village.cast.members(["孙姐"], leader)
    mine, ours = await opened(village, village.lady, here), await opened(village, village.lady, everywhere)
    assert done(await stranger.get(f"/app/offers/{here}/teams"))["items"] == []
    problem(await stranger.get(f"/app/teams/{mine}"), 404, "no_such_team")
    body = village.basket((here, 1), expect=1_000, using={"team": {"join": mine}})
    problem(await stranger.post("/app/orders", body), 404, "no_such_team")
    assert [each["id"] for each in done(await stranger.get(f"/app/offers/{everywhere}/teams"))["items"]] == [ours]
    await joined(village, stranger, everywhere, ours)
    mine_of_leader = done(await village.leader.get(f"/leader/teams?cycle_id={village.cycle_id}"))["items"]
    assert [each["id"] for each in mine_of_leader] == [mine, ours]
    assert done(await leader.get(f"/leader/teams?cycle_id={village.cycle_id}"))["items"] == []


@pytest.mark.rule("TEM-2")
async def test_a_team_ends_after_its_hours_but_never_after_the_cut_off(village: Village) -> None:
    short, long = await team_offer(village, hours=2), await team_offer(village, hours=100)
    now = village.clock.now()
    one = await team(village, village.lady, await opened(village, village.lady, short))
    two = await team(village, village.lady, await opened(village, village.lady, long))
    assert one["deadline"] == (now + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    assert two["deadline"] == "2026-11-23T15:00:00Z"
    village.clock.set(now + timedelta(hours=2))
    body = village.basket((short, 1), expect=1_000, using={"team": {"join": one["id"]}})
    problem(await village.uncle.post("/app/orders", body), 409, "team_over")


@pytest.mark.rule("TEM-3")
async def test_a_short_team_is_refunded_each_member_by_itself(village: Village) -> None:
    offer = await team_offer(village, short="refund")
    first = await opened(village, village.lady, offer)
    await joined(village, village.uncle, offer, first)
    assert await time_is_over(village) == 1
    assert await village.do(ordering.end_due_teams) == 0
    assert (await team(village, village.lady, first))["state"] == "refunded"
    for who in (village.lady, village.uncle):
        (order,) = done(await who.get("/app/orders"))["items"]
        assert order["state"] == "cancelled"
        assert [refund.amount_fen for refund in await village.refunds(order["id"])] == [1_000]
    assert await village.sold(offer) == 0
    await village.in_balance()


class Counter(money.OfflineChannel):
    """A provider that pays back at once, except one refund that it cannot do the first two times."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self.unlucky = ""

    async def refund(self, wish: RefundRequest) -> RefundAnswer:
        """Pay back, or say that the provider is in trouble."""
        self.unlucky = self.unlucky or wish.refund_no
        self.asked[wish.refund_no] = self.asked.get(wish.refund_no, 0) + 1
        if wish.refund_no == self.unlucky and self.asked[wish.refund_no] <= 2:
            raise ChannelTrouble("the provider is being mended")
        return RefundAnswer(wish.refund_no, RefundState.DONE, wish.amount_fen, wish.refund_no)


@pytest.mark.rule("TEM-4")
async def test_one_refund_that_fails_neither_blocks_nor_repeats_the_others(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Counter()
    monkeypatch.setitem(village.installation.channels, "offline", provider)
    offer = await team_offer(village, size=5)
    everybody = await neighbours(village, 4)
    first = await opened(village, everybody[0], offer)
    for who in everybody[1:]:
        await joined(village, who, offer, first)
    await time_is_over(village)
    assert len(provider.asked) == 4
    for _ in range(6):
        village.clock.set(village.clock.now() + timedelta(minutes=10))
        await village.drain()
    assert sorted(provider.asked.values()) == [1, 1, 1, 3]
    for who in everybody:
        (order,) = done(await who.get("/app/orders"))["items"]
        assert [(refund.amount_fen, refund.state) for refund in await village.refunds(order["id"])] == [(1_000, "done")]
    await village.in_balance()


@pytest.mark.rule("TEM-3")
async def test_shipping_at_base_price_needs_consent_and_collects_nothing_more(village: Village) -> None:
    offer = await team_offer(village, short="ship_at_base")
    body = village.basket((offer, 1), expect=1_500, using={"team": {"open": True}})
    before = await village.written()
    problem(await village.lady.post("/app/orders", body), 422, "team_consent_missing")
    assert await village.written() == before
    first = await opened(village, village.lady, offer, consent=True)
    assert await time_is_over(village) == 1
    assert (await team(village, village.lady, first))["state"] == "at_base"
    (order,) = done(await village.lady.get("/app/orders"))["items"]
    assert (order["state"], order["payable_fen"], order["paid_fen"]) == ("confirmed", 1_500, 1_500)
    assert await village.refunds(order["id"]) == []


@pytest.mark.rule("TEM-3")
async def test_a_complete_team_that_paid_base_price_gets_the_difference_back_once(village: Village) -> None:
    offer = await team_offer(village, short="ship_at_base", size=2)
    first = await opened(village, village.lady, offer, consent=True)
    second = await joined(village, village.uncle, offer, first, consent=True)
    assert (await team(village, village.lady, first))["state"] == "complete"
    for who in (village.lady, village.uncle):
        (order,) = done(await who.get("/app/orders"))["items"]
        assert order["state"] == "confirmed"
        assert [refund.amount_fen for refund in await village.refunds(order["id"])] == [500]
    again = marketing.TeamPriceReached(int(first), int(second["id"]), offer, amount_fen=500)
    await village.do(lambda tx: the_difference_comes_back(tx, again))
    assert [refund.amount_fen for refund in await village.refunds(second["id"])] == [500]
    await village.in_balance()


@pytest.mark.rule("TEM-3")
async def test_short_teams_of_a_station_merge_and_what_finds_no_other_is_refunded(village: Village) -> None:
    offer = await team_offer(village, short="merge", size=3)
    one, two, three, four = await neighbours(village, 4)
    first = await opened(village, one, offer)
    second = await opened(village, two, offer)
    await joined(village, three, offer, second)
    assert await time_is_over(village) == 2
    assert (await team(village, one, first))["state"] == "merged"
    assert (await team(village, one, first))["merged_into"] == second
    whole = await team(village, two, second)
    assert (whole["state"], whole["seats_taken"]) == ("complete", 3)
    assert [await states(village, who) for who in (one, two, three)] == [["confirmed"]] * 3
    lonely = await opened(village, four, offer)
    assert await time_is_over(village) == 1
    assert (await team(village, four, lonely))["state"] == "refunded"
    assert await states(village, four) == ["cancelled"]
    await village.in_balance()


@pytest.mark.rule("TEM-4")
async def test_when_the_opener_leaves_the_next_leads_and_the_deadline_stays(village: Village) -> None:
    offer = await team_offer(village)
    first = await opened(village, village.lady, offer)
    await joined(village, village.uncle, offer, first)
    before = await team(village, village.uncle, first)
    (mine,) = done(await village.lady.get("/app/orders"))["items"]
    done(await village.lady.post(f"/app/orders/{mine['id']}/cancellation", {"reason": "不要了"}))
    after = await team(village, village.uncle, first)
    assert after["deadline"] == before["deadline"]
    assert (after["seats_taken"], [(seat["leads"], seat["you"]) for seat in after["seats"]]) == (1, [(True, True)])
    (left,) = done(await village.uncle.get("/app/orders"))["items"]
    done(await village.uncle.post(f"/app/orders/{left['id']}/cancellation", {"reason": "不要了"}))
    assert (await team(village, village.uncle, first))["state"] == "empty"
    await village.drain()
    await village.in_balance()


@pytest.mark.rule("TEM-1")
async def test_what_is_no_team_is_refused_and_writes_nothing(village: Village) -> None:
    offer = await team_offer(village)
    first = await opened(village, village.lady, offer)
    before = [*await village.written(), *await rows(village, "teams", "team_seats")]
    cases: list[tuple[list[tuple[int, int]], Any, int, str]] = [
        ([(offer, 1)], {"join": first}, 409, "team_joined_already"),
        ([(offer, 1), (village.milk, 1)], {"open": True}, 409, "team_order_alone"),
        ([(village.milk, 1)], {"open": True}, 409, "no_team_offer"),
        ([(village.milk, 1)], {"join": first}, 404, "no_such_team"),
        ([(offer, 1)], {"join": "4711"}, 404, "no_such_team"),
        ([(offer, 1)], {"join": "-1"}, 422, "team_choice_unclear"),
        ([(offer, 1)], {"open": True, "join": first}, 422, "team_choice_unclear"),
        ([(offer, 1)], {"open": 1}, 422, "team_choice_unclear"),
        ([(offer, 1)], "open", 422, "team_choice_unclear"),
        ([(offer, 1)], {"open": True, "consent": "yes"}, 422, "team_choice_unclear"),
    ]
    for lines, chosen, status, code in cases:
        body = village.basket(*lines, expect=1_000, using={"team": chosen})
        problem(await village.lady.post("/app/orders", body), status, code)
    assert [*await village.written(), *await rows(village, "teams", "team_seats")] == before


@pytest.mark.rule("TEM-3")
async def test_at_cut_off_short_teams_end_before_their_orders_are_confirmed(village: Village) -> None:
    offer = await team_offer(village, hours=100, short="refund")
    await opened(village, village.lady, offer)
    await paid(village, village.uncle, (village.milk, 1))
    village.clock.set(village.clock.now() + timedelta(hours=9, minutes=10))
    await village.do(lambda tx: ordering.confirm_cycle(tx, cycle_id=village.cycle_id))
    assert await states(village, village.lady) == ["cancelled"]
    assert await states(village, village.uncle) == ["confirmed"]


@pytest.mark.rule("TEM-4")
async def test_two_workers_end_a_team_once(village: Village) -> None:
    offer = await team_offer(village)
    await opened(village, village.lady, offer)
    village.clock.set(village.clock.now() + timedelta(hours=3))
    await asyncio.gather(*(village.do(ordering.end_due_teams) for _ in range(4)))
    await village.drain()
    (order,) = done(await village.lady.get("/app/orders"))["items"]
    assert [refund.amount_fen for refund in await village.refunds(order["id"])] == [1_000]
    await village.in_balance()


@pytest.mark.rule("CYC-6")
async def test_team_terms_below_cost_or_above_price_are_refused(village: Village) -> None:
    offer = await team_offer(village)
    operator = await village.cast.operator()
    terms = {"price_fen": 1_000, "size": 3, "hours": 2}
    for wrong, status, code in (
        ({"price_fen": 1_500}, 422, "team_terms_refused"),
        ({"price_fen": 749}, 409, "below_cost"),
        ({"size": 1}, 422, "invalid_request"),
        ({"size": 51}, 422, "invalid_request"),
    ):
        problem(await operator.put(f"/console/offers/{offer}/team", terms | wrong), status, code)
    problem(await operator.put(f"/console/offers/{village.milk}/team", terms), 409, "no_team_offer")
    seen = done(await village.lady.get(f"/app/offers/{offer}/teams"))["terms"]
    assert (seen["price_fen"], seen["size"]) == (1_000, 3)
    figures = done(await operator.get(f"/console/cycles/{village.cycle_id}/teams"))["items"]
    assert figures == []
    await ordered(village, village.lady, (offer, 1), team={"open": True})
    (figure,) = done(await operator.get(f"/console/cycles/{village.cycle_id}/teams"))["items"]
    assert (figure["state"], figure["teams"], figure["seats"], figure["paid"]) == ("open", 1, 1, 0)


@pytest.mark.rule("TEM-1")
async def test_the_last_seat_is_guarded_by_the_team_itself(village: Village) -> None:
    offer = await team_offer(village, size=3)
    one, *others = await neighbours(village, 6)
    first = await opened(village, one, offer)
    item = Item(offer, 1, 1_500, kind="team")
    asks = [asking(village, who, item, team={"join": first}) for who in others]
    taken, refused = await at_the_desk(village, "team", asks)
    assert (taken, refused) == ([500, 500], ["team_full"] * 3)
    assert (await team(village, one, first))["seats_taken"] == 3


@pytest.mark.rule("TEM-1")
async def test_the_last_two_payments_at_the_same_time_complete_the_team(village: Village) -> None:
    offer = await team_offer(village)
    one, two, three = await neighbours(village, 3)
    first = await opened(village, one, offer)
    charges = []
    for who in (two, three):
        held = await joined(village, who, offer, first, pay=False)
        charge = await village.charge(who, held["id"])
        await village.answer(charge["id"])
        charges.append((int(held["id"]), int(charge["id"])))

    def told(order_id: int, charge_id: int) -> Any:
        now = village.clock.now()
        return village.do(
            lambda tx: ordering.mark_paid(tx, order_id=order_id, amount_fen=1_000, paid_at=now, charge_id=charge_id)
        )

    assert await asyncio.gather(*(told(*pair) for pair in charges)) == [True, True]
    assert (await team(village, one, first))["state"] == "complete"
    assert [await states(village, who) for who in (one, two, three)] == [["confirmed"]] * 3
    await village.drain()
    await village.in_balance()


@pytest.mark.rule("TEM-1")
async def test_of_two_last_seats_that_are_paid_at_once_exactly_one_completes_the_team(village: Village) -> None:
    offer = await team_offer(village)
    one, two, three = await neighbours(village, 3)
    first = await opened(village, one, offer)
    held = [int((await joined(village, who, offer, first, pay=False))["id"]) for who in (two, three)]

    async def pays(order_id: int) -> int:
        async def work(tx: Tx) -> int:
            ended = await marketing.pay_seat(tx, order_id=order_id)
            await asyncio.sleep(0.1)
            assert ended is not None
            return len(ended.ship)

        return await village.do(work)

    assert sorted(await asyncio.gather(*(pays(order_id) for order_id in held))) == [0, 3]


groups = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), max_size=6)


@pytest.mark.rule("TEM-3")
@given(st.integers(2, 8), groups, groups)
def test_merging_never_overfills_a_team_moves_nobody_twice_and_leaves_no_pair_that_fits(
    size: int, short: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    def group(team_id: int, taken: int, overlap: int) -> Group:
        taken = min(taken, size - 1)
        own = {team_id * 100 + seat for seat in range(taken - 1)}
        return Group(team_id, size, taken, frozenset(own | {overlap}))  # some members sit in several teams

    ending = [group(at + 1, *each) for at, each in enumerate(short)]
    open_ones = [group(at + 50, *each) for at, each in enumerate(others)]
    moved = rules.merging(ending, open_ones)
    assert moved.keys() <= {each.team_id for each in ending}
    assert not moved.keys() & set(moved.values())
    stand = {each.team_id: each for each in (*ending, *open_ones)}
    final = {team_id: [each] for team_id, each in stand.items() if team_id not in moved}
    for source, target in moved.items():
        final[target].append(stand[source])
    for inside in final.values():
        assert sum(each.taken for each in inside) <= size
        assert len(frozenset().union(*(each.members for each in inside))) == sum(len(each.members) for each in inside)
    lonely = [each for each in ending if final.get(each.team_id) == [each] and each.taken < size]
    for each in lonely:
        for inside in (inside for team_id, inside in final.items() if team_id != each.team_id):
            members = frozenset().union(*(one.members for one in inside))
            assert sum(one.taken for one in inside) + each.taken > size or members & each.members


@pytest.mark.rule("ORD-4")
@pytest.mark.rule("ORD-9")
async def test_who_waits_for_a_team_may_still_leave_but_a_complete_team_binds_everybody(village: Village) -> None:
    offer = await team_offer(village, size=2)
    first = await opened(village, village.lady, offer)
    (mine,) = done(await village.lady.get("/app/orders"))["items"]
    waiting = await village.seen(village.lady, mine["id"])
    assert (waiting["state"], waiting["may_cancel"]) == ("teaming", True)
    await joined(village, village.uncle, offer, first)
    assert (await village.seen(village.lady, mine["id"]))["may_cancel"] is False
    refused = await village.lady.post(f"/app/orders/{mine['id']}/cancellation", {"reason": "不要了"})
    problem(refused, 409, "too_late_to_cancel")
    assert await village.refunds(mine["id"]) == []

"""Invites: a newcomer comes by a code, collects, and the inviter is rewarded, unless somebody games it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import marketing, ordering, people
from linli.kernel.ids import MAX_ID
from linli.marketing.invite.rules import InviteUnknown, address_mark, code_of, member_of
from linli.platform.database import Tx
from tests.marketing.stall import office, ordered, paid, rows, setting
from tests.ordering.village import Village, problem
from tests.people_cast import Person, done


async def code(who: Person) -> str:
    """Return a member's invite code."""
    return str(done(await who.get("/app/invite"))["code"])


async def coupons(who: Person) -> list[str]:
    """Return the titles of a member's coupons."""
    return sorted(one["title"] for one in done(await who.get("/app/coupons"))["items"])


async def collected(village: Village, who: Person) -> str:
    """Tell that a member has collected an order; returns the state of the invite."""
    return await village.do(lambda tx: marketing.reward_inviter(tx, newcomer_id=who.id))


async def lives_at(who: Person, place: str) -> None:
    """Let a member say where they live."""
    done(await who.put("/app/me", {"nickname": who.name, "place": place}))


async def why(village: Village, who: Person) -> str:
    """Return why an invite brought nothing, as the console shows it."""
    listed = done(await (await village.cast.operator()).get("/console/invites"))["items"]
    return str(next(one for one in listed if one["newcomer_id"] == str(who.id))["why"])


@given(st.integers(1, MAX_ID), st.data())
def test_a_code_leads_to_its_member_however_it_is_typed_and_a_slip_to_nobody(member_id: int, data: object) -> None:
    made = code_of(member_id)
    assert member_of(f" {made.lower().replace('0', 'o').replace('1', 'l')} ") == member_id
    last = made[-2]
    slip = made[:-2] + ("2" if last != "2" else "3") + made[-1]
    with pytest.raises(InviteUnknown):
        member_of(slip)


def test_an_address_is_recognised_however_it_is_written_and_nobodys_is_none() -> None:
    assert address_mark(7, "3栋 2单元501") == address_mark(7, "３栋2单元 501 ") != address_mark(8, "3栋2单元501")
    assert address_mark(7, " ") == "" == address_mark(None, "3栋")


@pytest.mark.rule("MEM-6")
async def test_a_newcomer_gets_five_yuan_off_the_first_order_and_the_inviter_a_coupon_after_collection(
    village: Village,
) -> None:
    await office(village, "/coupon-templates/defaults")
    newcomer = await village.cast.member("小周")
    await village.drain()
    assert await coupons(newcomer) == ["首单立减5元"]
    mine = done(await newcomer.get("/app/coupons"))["items"][0]["id"]
    for _ in range(2):
        shown = done(await newcomer.put("/app/invite", {"code": await code(village.lady), "device": "phone-7"}))
        assert shown["inviter_id"] == str(village.lady.id)
    order = await paid(village, newcomer, (village.apples, 1), coupon=[mine])
    assert order["payable_fen"] == 3_400
    assert "邀请有礼 满30减5" not in await coupons(village.lady)
    told = await asyncio.gather(*[collected(village, newcomer) for _ in range(4)])
    assert set(told) == {"rewarded"}
    assert (await coupons(village.lady)).count("邀请有礼 满30减5") == 1
    brought = done(await village.lady.get("/app/invite"))
    assert (brought["invited"], brought["rewarded"], brought["rewarded_this_month"]) == (1, 1, 1)


@pytest.mark.rule("MEM-6")
async def test_only_newcomers_are_invited_by_one_other_member(village: Village) -> None:
    theirs, mine = await code(village.uncle), await code(village.lady)
    problem(await village.lady.put("/app/invite", {"code": mine}), 409, "invited_by_oneself")
    problem(await village.lady.put("/app/invite", {"code": "ZZZZ"}), 404, "invite_unknown")
    problem(await village.lady.put("/app/invite", {"code": code_of(77)}), 404, "invite_unknown")
    newcomer = await village.cast.member("小周")
    done(await newcomer.put("/app/invite", {"code": mine}))
    problem(await newcomer.put("/app/invite", {"code": theirs}), 409, "invited_already")
    await paid(village, village.lady, (village.apples, 1))
    problem(await village.lady.put("/app/invite", {"code": theirs}), 409, "not_new_any_more")
    assert await rows(village, "invites") == [1]


@pytest.mark.rule("MKT-2")
@pytest.mark.parametrize("how", ["device", "address", "inviters home", "cap", "no coupon"])
async def test_who_games_the_invites_gets_nothing_and_the_reason_is_kept(village: Village, how: str) -> None:
    if how != "no coupon":
        await office(village, "/coupon-templates/defaults")
    if how == "cap":
        await setting(village, invite__monthly_cap=1)
    first, second = await village.cast.members(["小周", "小吴"])
    mine = await code(village.lady)
    devices = ["same", "same"] if how == "device" else ["one", "other"]
    for newcomer, device in zip((first, second), devices, strict=True):
        done(await newcomer.put("/app/invite", {"code": mine, "device": device}))
    if how == "address":
        await lives_at(first, "3栋501")
        await lives_at(second, "3栋 501")
    if how == "inviters home":
        await lives_at(village.lady, "5栋101")
        await lives_at(second, "5栋101")
    states = [await collected(village, newcomer) for newcomer in (first, second)]
    expected = {"device": "same_device", "address": "same_address", "inviters home": "inviters_address",
                "cap": "monthly_cap", "no coupon": "no_coupon"}[how]  # fmt: skip
    assert states == ["unrewarded" if how == "no coupon" else "rewarded", "unrewarded"]
    assert await why(village, second) == expected
    assert len([title for title in await coupons(village.lady) if "邀请" in title]) == (how != "no coupon")


@pytest.mark.rule("MKT-2")
async def test_two_newcomers_of_one_home_who_collect_at_once_bring_one_reward(village: Village) -> None:
    await office(village, "/coupon-templates/defaults")
    newcomers = await village.cast.members(["小周", "小吴", "小郑", "小王"])
    for newcomer in newcomers:
        done(
            await newcomer.put(
                "/app/invite", {"code": await code(village.lady), "device": newcomer.name.encode().hex()}
            )
        )
        await lives_at(newcomer, "8栋202")
    states = await asyncio.gather(*[collected(village, newcomer) for newcomer in newcomers])
    assert sorted(states) == ["rewarded", "unrewarded", "unrewarded", "unrewarded"]


@pytest.mark.rule("MKT-2")
async def test_a_months_cap_holds_when_many_collect_at_once(village: Village) -> None:
    await office(village, "/coupon-templates/defaults")
    await setting(village, invite__monthly_cap=2)
    newcomers = await village.cast.members([f"新{n}" for n in range(6)])
    for newcomer in newcomers:
        done(await newcomer.put("/app/invite", {"code": await code(village.lady)}))
    states = await asyncio.gather(*[collected(village, newcomer) for newcomer in newcomers])
    assert sorted(states) == ["rewarded"] * 2 + ["unrewarded"] * 4
    assert len([title for title in await coupons(village.lady) if "邀请" in title]) == 2


@pytest.mark.rule("MKT-2")
async def test_a_phone_is_recognised_without_being_readable(village: Village) -> None:
    async def index(tx: Tx) -> str:
        return await people.phone_index(tx, village.lady.account_id)

    found = await village.do(index)
    assert len(found) == 64
    assert village.lady.phone not in found
    assert await ordered(village, village.lady, (village.milk, 1))


@pytest.mark.rule("MEM-6")
async def test_when_the_newcomer_carries_the_goods_home_she_has_points_and_her_inviter_a_coupon(
    village: Village,
) -> None:
    await office(village, "/coupon-templates/defaults")
    await setting(village, points__each_yuan=1)
    newcomer = await village.cast.member("小周")
    done(await newcomer.put("/app/invite", {"code": await code(village.lady)}))
    order = await ordered(village, newcomer, (village.apples, 1))
    assert order["points"] == 39
    await village.money_comes((await village.charge(newcomer, order["id"]))["id"])
    for verb in ("confirm", "buy", "sort", "depart", "arrive"):
        await village.do(lambda tx, verb=verb: ordering.advance_orders(tx, cycle_id=village.cycle_id, verb=verb))  # type: ignore[misc]
    await village.do(lambda tx: ordering.mark_collected(tx, order_id=int(order["id"])))
    await village.drain()
    assert done(await newcomer.get("/app/points"))["points"] == 39
    assert "邀请有礼 满30减5" in await coupons(village.lady)
    (line,) = (await village.value(order["id"])).lines
    await village.do(
        lambda tx: ordering.refund_line(tx, line_id=line.id, amount_fen=1_300, reason="坏果", ref_kind="test", ref_id=1)
    )
    await village.drain()
    assert done(await newcomer.get("/app/points"))["points"] == 26

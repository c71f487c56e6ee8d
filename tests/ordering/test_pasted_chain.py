"""Stories of a pasted 接龙: read into a draft, corrected and confirmed by the leader, grown, withdrawn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.ordering.village import Village, problem
from tests.people_cast import done

CHAIN = """#接龙 今日团购
1. 李姐 8栋 红富士苹果2箱
2. 张三 3-1202 鲜牛奶1瓶 土鸡蛋*1盒
3. 王婶 榴莲1个
"""


async def paste(village: Village, text: str, **more: Any) -> dict[str, Any]:
    """Paste a chain as 王姐."""
    body = {"cycle_id": str(village.cycle_id), "station_id": str(village.leader.station_id), "text": text} | more
    return done(await village.leader.post("/leader/chains", body))  # type: ignore[no-any-return]


async def decide(village: Village, chain: dict[str, Any], *decisions: dict[str, Any]) -> dict[str, Any]:
    """Decide about entries of a chain as 王姐."""
    path = f"/leader/chains/{chain['id']}/confirmation"
    return done(await village.leader.post(path, {"entries": list(decisions)}))  # type: ignore[no-any-return]


def entry(chain: dict[str, Any], who: str) -> dict[str, Any]:
    """Return the only entry of somebody."""
    (found,) = [each for each in chain["entries"] if each["who"] == who]
    return found  # type: ignore[no-any-return]


def yes(chain: dict[str, Any], who: str, **more: Any) -> dict[str, Any]:
    """Return the decision to order what somebody wrote."""
    return {"entry_id": entry(chain, who)["id"], "action": "order"} | more


@pytest.mark.rule("ORD-8")
async def test_each_line_shows_what_was_understood_and_nothing_is_ordered_before_a_person_confirms(
    village: Village,
) -> None:
    chain = await paste(village, CHAIN)
    assert [(each["who"], each["place"], each["ready"], each["state"]) for each in chain["entries"]] == [
        ("李姐", "8栋", True, "waiting"),
        ("张三", "3-1202", True, "waiting"),
        ("王婶", "", False, "waiting"),
    ]
    assert [item["offer_id"] for item in entry(chain, "张三")["items"]] == [str(village.milk), str(village.offers[2])]
    assert entry(chain, "王婶")["items"][0]["why"] == "unknown_goods"
    assert await village.count("orders") == 0
    assert done(await village.leader.get(f"/leader/chains/{chain['id']}")) == chain


@pytest.mark.rule("ORD-8")
async def test_confirmed_entries_become_orders_of_neighbours_that_pay_in_person(village: Village) -> None:
    chain = await paste(village, CHAIN)
    after = await decide(village, chain, yes(chain, "李姐"), yes(chain, "张三"))
    orders = done(await village.leader.get(f"/leader/cycles/{village.cycle_id}/orders"))["items"]
    assert [(row["nickname"], row["place"], row["serial"], row["payable_fen"]) for row in orders] == [
        ("李姐", "8栋", 1, 7_800),
        ("张三", "3-1202", 2, 3_930),
    ]
    assert [each["order_id"] for each in after["entries"]] == [orders[0]["id"], orders[1]["id"], None]
    twice = await decide(village, chain, yes(chain, "李姐"), yes(chain, "张三"))
    assert twice == after
    assert await village.count("orders") == 2


@pytest.mark.rule("ORD-8")
async def test_the_grown_chain_pasted_again_adds_only_what_is_new(village: Village) -> None:
    chain = await paste(village, CHAIN)
    await decide(village, chain, yes(chain, "李姐"))
    same = await paste(village, CHAIN)
    assert (same["id"], same["pastes"], len(same["entries"])) == (chain["id"], 2, 3)
    grown = await paste(village, CHAIN + "4. 赵六 鲜牛奶2瓶\n5. 李姐 8栋 红富士苹果2箱\n")
    assert grown["id"] == chain["id"]
    assert [each["who"] for each in grown["entries"]] == ["李姐", "张三", "王婶", "赵六", "李姐"]
    assert [each["state"] for each in grown["entries"]] == ["ordered", *["waiting"] * 4]
    assert await village.count("orders") == 1


@pytest.mark.rule("ORD-8")
async def test_what_the_chat_withdraws_is_dropped_or_proposed_for_cancelling_which_a_person_confirms(
    village: Village,
) -> None:
    chain = await paste(village, CHAIN)
    await decide(village, chain, yes(chain, "李姐"))
    shrunk = await paste(village, "#接龙 今日团购\n1. 张三 3-1202 鲜牛奶1瓶 土鸡蛋*1盒\n")
    assert [(each["who"], each["state"]) for each in shrunk["entries"]] == [
        ("李姐", "withdrawn"),
        ("张三", "waiting"),
        ("王婶", "dropped"),
    ]
    order_id = entry(shrunk, "李姐")["order_id"]
    assert (await village.value(order_id)).state == "placed"
    assert await village.sold(village.apples) == 2
    gone = await decide(village, chain, {"entry_id": entry(shrunk, "李姐")["id"], "action": "cancel"})
    assert entry(gone, "李姐")["state"] == "cancelled"
    assert (await village.value(order_id)).state == "cancelled"
    assert await village.sold(village.apples) == 0


@pytest.mark.rule("ORD-8")
async def test_a_kept_order_is_not_proposed_again_and_a_returning_entry_stands_as_before(village: Village) -> None:
    chain = await paste(village, CHAIN)
    await decide(village, chain, yes(chain, "李姐"), yes(chain, "张三"))
    without = await paste(village, "#接龙 今日团购\n1. 王婶 榴莲1个\n")
    assert [each["state"] for each in without["entries"]] == ["withdrawn", "withdrawn", "waiting"]
    kept = await decide(village, chain, {"entry_id": entry(without, "李姐")["id"], "action": "keep"})
    assert entry(kept, "李姐")["state"] == "ordered"
    again = await paste(village, CHAIN)
    assert [each["state"] for each in again["entries"]] == ["ordered", "ordered", "waiting"]
    without = await paste(village, "#接龙 今日团购\n1. 王婶 榴莲1个\n")
    assert [each["state"] for each in without["entries"]] == ["ordered", "withdrawn", "waiting"]
    assert await village.count("orders") == 2


@pytest.mark.rule("ORD-8")
async def test_the_leader_says_what_an_unclear_entry_means_and_the_word_is_known_next_time(village: Village) -> None:
    text = "#接龙 今日团购\n1. 王婶 果果2箱\n"
    chain = await paste(village, text)
    path = f"/leader/chains/{chain['id']}/confirmation"
    before = await village.written()
    refused = problem(await village.leader.post(path, {"entries": [yes(chain, "王婶")]}), 409, "entry_unclear")
    assert refused["entry_id"] == entry(chain, "王婶")["id"]
    assert await village.written() == before
    lines = [{"offer_id": str(village.apples), "quantity": 2}]
    after = await decide(village, chain, yes(chain, "王婶", lines=lines, place="5栋", payer="儿子"))
    order = await village.value(entry(after, "王婶")["order_id"])
    assert (order.payer, order.lines[0].quantity) == ("儿子", 2)
    next_time = await paste(village, text + "2. 钱姨 果果1箱\n")
    assert entry(next_time, "钱姨")["items"][0]["offer_id"] == str(village.apples)
    assert entry(next_time, "钱姨")["ready"]


async def test_all_decisions_are_done_or_none_and_the_refusal_names_the_entry(village: Village) -> None:
    chain = await paste(village, "#接龙 今日团购\n1. 李姐 鲜牛奶2瓶\n2. 张三 红富士苹果21箱\n")
    before = await village.written()
    path = f"/leader/chains/{chain['id']}/confirmation"
    both = {"entries": [yes(chain, "李姐"), yes(chain, "张三")]}
    refused = problem(await village.leader.post(path, both), 409, "sold_out")
    assert (refused["entry_id"], refused["left"]) == (entry(chain, "张三")["id"], 20)
    assert await village.written() == before
    assert done(await village.leader.get(f"/leader/chains/{chain['id']}")) == chain


async def test_two_confirmations_at_once_order_once(village: Village) -> None:
    chain = await paste(village, CHAIN)
    body = {"entries": [yes(chain, "李姐")]}
    path = f"/leader/chains/{chain['id']}/confirmation"
    answers = await asyncio.gather(*[village.leader.post(path, body) for _ in range(6)])
    assert {answer.status_code for answer in answers} == {200}
    assert await village.count("orders") == 1


async def test_two_pastes_at_once_make_one_draft(village: Village) -> None:
    body = {"cycle_id": str(village.cycle_id), "station_id": str(village.leader.station_id), "text": CHAIN}
    answers = await asyncio.gather(*[village.leader.post("/leader/chains", body) for _ in range(4)])
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await village.count("chain_drafts") == 1
    assert await village.count("chain_entries") == 3


async def test_chains_that_make_no_sense_are_refused(village: Village) -> None:
    before = await village.written()
    other = await village.cast.leader("孙哥")
    base = {"cycle_id": str(village.cycle_id), "station_id": str(village.leader.station_id)}
    nobody = str((1 << 62) + 7)
    cases: list[tuple[Any, dict[str, Any], int, str]] = [
        (village.leader, base | {"text": ""}, 422, "chain_unreadable"),
        (village.leader, base | {"text": "你好，今天天气不错"}, 422, "chain_unreadable"),
        (village.leader, base | {"text": "乱" * 300_000}, 422, "chain_unreadable"),
        (village.leader, base | {"text": "1" * 1_000_001}, 422, "invalid_request"),
        (village.leader, base | {"text": "a\x00b"}, 422, "invalid_request"),
        (village.leader, base | {"text": 5}, 422, "invalid_request"),
        (village.leader, base | {"text": CHAIN, "cycle_id": nobody}, 404, "no_such_cycle"),
        (village.leader, base | {"text": CHAIN, "station_id": nobody}, 404, "no_such_station"),
        (other, base | {"text": CHAIN}, 404, "station_not_yours"),
    ]
    for who, body, status, code in cases:
        problem(await who.post("/leader/chains", body), status, code)
    long = "#接龙 牛奶\n" + "".join(f"{n}. 邻居{n}号 鲜牛奶1瓶\n" for n in range(1, 2_003))
    problem(await village.leader.post("/leader/chains", base | {"text": long}), 422, "chain_too_long")
    assert await village.written() == before
    chain = await paste(village, CHAIN)
    problem(await other.get(f"/leader/chains/{chain['id']}"), 404, "chain_not_found")
    confirmation = {"entries": [yes(chain, "李姐")]}
    path = f"/leader/chains/{chain['id']}/confirmation"
    problem(await other.post(path, confirmation), 404, "chain_not_found")
    unknown = {"entries": [{"entry_id": nobody, "action": "order"}]}
    problem(await village.leader.post(path, unknown), 404, "entry_not_found")
    keep = {"entries": [{"entry_id": entry(chain, "李姐")["id"], "action": "keep"}]}
    problem(await village.leader.post(path, keep), 409, "entry_decided")
    assert await village.count("orders") == 0

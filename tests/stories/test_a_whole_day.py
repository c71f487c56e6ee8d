"""One day of community group buying from the published cycle to the settled week, told by what people see."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from linli.platform.installation import Installation
from tests.people_cast import Person, done
from tests.stories.a_day import COSTS, PRICES, Day, one_day

CHAIN = "#接龙\n周二送达\n1. 钱婆婆 3栋 苹果5份\n2. 孙大爷 5栋 苹果2份"
SETTLED = datetime(2026, 12, 6, 18, 0, tzinfo=UTC)  # Monday 7 December, 02:00 in Shanghai
WANTED = {"苹果": 13, "鸡蛋": 4, "牛奶": 8}
BOUGHT = {"苹果": 20, "鸡蛋": 6, "牛奶": 8}  # whole boxes of 10, 6 and 4
CAME = {"苹果": 11, "鸡蛋": 6, "牛奶": 8}
LACKS = {"苹果": 2, "鸡蛋": 0, "牛奶": 0}
PAID_FEN = 13 * 2_100 + 4 * 1_390 + 8 * 990
SHORT_FEN = 2 * 2_100
CANCELLED_FEN = 990


@pytest.fixture
async def day(client: httpx2.AsyncClient, installation: Installation, region_id: int) -> AsyncIterator[Day]:
    """A region with its people before anything is published."""
    async with one_day(client, installation, region_id) as made:
        await made.staff()
        await made.catalogue()
        yield made


async def test_a_whole_day_from_the_published_cycle_to_the_settled_week(day: Day) -> None:
    members = await the_evening(day)
    await the_night(day)
    await the_morning(day, members)
    await the_afternoon(day)
    await the_pickup(day, members)
    await the_next_morning(day, members["赵叔"])
    await the_settled_week(day)


async def the_evening(day: Day) -> dict[str, Person]:
    """Members order and pay, one never pays, one changes her mind, a leader pastes a 接龙 and takes cash."""
    wang, zhou = day.leaders
    names = ["李阿姨", "赵叔", "没付款", "吴姐"]
    members = dict(zip(names, await day.cast.members(names, wang), strict=True))
    members["小陈"] = await day.cast.member("小陈", zhou)
    await day.open_cycle()
    lady = await day.bought(members["李阿姨"], 苹果=3, 牛奶=2)
    assert (lady["state"], lady["serial"]) == ("paid", 1)
    await chain_with_cash(day, wang)
    await day.bought(members["赵叔"], 鸡蛋=4)
    await day.order(members["没付款"], 苹果=4)
    regret = await day.bought(members["吴姐"], 牛奶=1)
    done(await members["吴姐"].post(f"/app/orders/{regret['id']}/cancellation", {"reason": "不要了"}))
    late = await day.bought(members["小陈"], 苹果=3, 牛奶=6)
    assert (late["state"], late["serial"]) == ("paid", 1)
    await day.settle()
    return members


async def chain_with_cash(day: Day, leader: Person) -> None:
    """Let a leader paste the group's 接龙, confirm it and note the cash."""
    pasted = {"cycle_id": day.cycle["id"], "station_id": str(leader.station_id), "text": CHAIN}
    chain = done(await leader.post("/leader/chains", pasted))
    assert [(entry["who"], entry["ready"]) for entry in chain["entries"]] == [("钱婆婆", True), ("孙大爷", True)]
    yes = [{"entry_id": entry["id"], "action": "order"} for entry in chain["entries"]]
    confirmed = done(await leader.post(f"/leader/chains/{chain['id']}/confirmation", {"entries": yes}))
    for entry, worth in zip(confirmed["entries"], (5 * 2_100, 2 * 2_100), strict=True):
        cash = {"amount_fen": worth, "way": "cash"}
        assert done(await leader.post(f"/leader/orders/{entry['order_id']}/payment", cash))["state"] == "paid"
    await day.settle()


async def the_night(day: Day) -> None:
    """The clock cuts off; what is paid is frozen and bought in whole boxes, once."""
    await day.night()
    orders = await day.orders()
    assert Counter(order["state"] for order in orders) == {"bought": 5, "cancelled": 2}
    assert sum(order["paid_fen"] for order in orders) == PAID_FEN + CANCELLED_FEN
    demand = done(await day.office["buyer"].get(f"{day.cycle_path}/demand"))
    assert demand["whole"]
    assert {sku["sku_id"]: sku["quantity"] for sku in demand["skus"]} == by_sku(day, WANTED)
    bought = await day.purchase_orders()
    assert {line["sku_id"]: line["quantity"] for po in bought for line in po["lines"]} == by_sku(day, BOUGHT)
    assert len(bought) == 2
    assert all(po["sent_at"] for po in bought)
    assert done(await day.office["buyer"].get(f"{day.cycle_path}/purchase-balance"))["whole"]


def by_sku(day: Day, pieces: dict[str, int]) -> dict[str, int]:
    """Return pieces by sku instead of by name."""
    return {day.skus[name]: count for name, count in pieces.items()}


async def the_morning(day: Day, members: dict[str, Person]) -> None:
    """Apples come short by more than was spare: the last who paid goes without two, and has the money back."""
    await day.receive(苹果=9)
    orders = await day.orders()
    lines = [line for order in orders if order["state"] != "cancelled" for line in order["lines"]]
    short = Counter[str]()
    for line in lines:
        short[line["offer_id"]] += line["short_quantity"]
    assert {name: short[offer] for name, offer in day.offers.items()} == LACKS
    await add_up(day, lines)
    [poor] = [order for order in orders if order["refunded_fen"] and order["state"] != "cancelled"]
    assert (poor["nickname"], poor["refunded_fen"]) == ("小陈", SHORT_FEN)
    await day.later(10)
    told = [message["event"] for message in await day.list(members["小陈"], "/app/messages")]
    assert {"order.short", "refund.done"} <= set(told)
    found = await day.books()
    assert found["cash_sandbox"] + found["cash_offline"] == PAID_FEN - SHORT_FEN
    assert found["member_prepayment"] == PAID_FEN - SHORT_FEN
    came = sum(COSTS[name] * pieces for name, pieces in CAME.items())
    assert found["supplier_payable"] - found.get("supplier_claims", 0) == came


async def add_up(day: Day, lines: list[dict[str, Any]]) -> None:
    """Prove per sku: ordered = purchased − rounding + stock used, and = accepted − kept as stock + shortage."""
    shelf = {row["sku_id"]: row["on_hand"] for row in await day.list(day.office["warehouse_lead"], "/console/stock")}
    accepted = Counter[str]()
    for po in await day.purchase_orders():
        for line in po["lines"]:
            accepted[line["sku_id"]] += line["accepted"]
    for name, offer in day.offers.items():
        sku = day.skus[name]
        ordered = sum(line["quantity"] for line in lines if line["offer_id"] == offer)
        short = sum(line["short_quantity"] for line in lines if line["offer_id"] == offer)
        rounding, used = BOUGHT[name] - WANTED[name], 0
        assert ordered == WANTED[name] == BOUGHT[name] - rounding + used, name
        assert accepted[sku] == CAME[name], name
        assert ordered == accepted[sku] - shelf.get(sku, 0) + short, name


async def the_afternoon(day: Day) -> None:
    """Everything is scanned into totes, driven, set down and signed; the members are called."""
    await day.van()
    assert (await day.sort())["planned"] == 23  # 25 pieces ordered, two apples short
    run = await day.drive()
    assert sum(stop["pieces"] for stop in run["stops"]) == 23
    assert Counter(order["state"] for order in await day.orders()) == {"on_the_way": 5, "cancelled": 2}
    await day.sign()
    assert Counter(order["state"] for order in await day.orders()) == {"at_station": 5, "cancelled": 2}
    assert done(await day.office["operator"].get(day.cycle_path))["state"] == "collecting"


async def the_pickup(day: Day, members: dict[str, Person]) -> None:
    """Members come with their codes, neighbours by name; leaders earn a tenth of what was handed over."""
    wang, zhou = day.leaders
    await day.at("promised_from")
    for name, leader in (("李阿姨", wang), ("赵叔", wang), ("小陈", zhou)):
        [order] = await day.list(members[name], "/app/orders")
        shown = await day.seen(members[name], order)
        assert "order.arrived" in [message["event"] for message in await day.list(members[name], "/app/messages")]
        [handed] = await day.collect(leader, shown["pickup_code"])
        assert (handed["complete"], handed["already"]) == (True, False)
    asked = {"station_id": str(wang.station_id)}
    waiting = done(await wang.get("/leader/pickups/waiting", params=asked))
    assert [each["nickname"] for each in waiting] == ["钱婆婆", "孙大爷"]
    done(await wang.post("/leader/pickups", asked | {"order_ids": [each["order_id"] for each in waiting]}))
    await day.settle()
    assert Counter(order["state"] for order in await day.orders()) == {"collected": 5, "cancelled": 2}
    earned = [(await day.earnings(leader))["pending_fen"] for leader in day.leaders]
    assert earned == [(10 * 2_100 + 4 * 1_390 + 2 * 990) // 10, (1 * 2_100 + 6 * 990) // 10]
    found = await day.books()
    assert found["revenue"] == PAID_FEN - SHORT_FEN
    assert found["member_prepayment"] == 0
    assert found["leader_pending"] == sum(earned)


async def the_next_morning(day: Day, uncle: Person) -> None:
    """One box of eggs was missing: customer service gives it back, the supplier bears it, the leader earns less."""
    [wang, _] = day.leaders
    before, pending = await day.books(), (await day.earnings(wang))["pending_fen"]
    [order] = await day.list(uncle, "/app/orders")
    claim = {"line_id": order["lines"][0]["id"], "kind": "missing", "quantity": 1, "story": "少了一盒"}
    case = done(await uncle.post("/app/cases", claim))
    await day.settle()
    path, service = f"/console/cases/{case['id']}", day.office["customer_service"]
    done(await service.post(f"{path}/answer", {"words": "马上核实"}))
    done(await service.post(f"{path}/verification"))
    decision = {"outcome": "refund", "quantity": 1, "liability": "supplier", "reply": "已为您退款"}
    done(await service.post(f"{path}/decision", decision))
    await day.settle()
    await day.later(10)
    assert (await day.seen(uncle, order))["refunded_fen"] == 1_390
    assert [each["state"] for each in await day.list(uncle, "/app/cases")] == ["done"]
    assert (await day.earnings(wang))["pending_fen"] == pending - 139
    after = await day.books()
    assert after["cash_sandbox"] == before["cash_sandbox"] - 1_390
    assert after["revenue"] == before["revenue"] - 1_390
    assert after["supplier_claims"] == before.get("supplier_claims", 0) + 1_000


async def the_settled_week(day: Day) -> None:
    """A week after the freeze what was earned is available, and every book still agrees."""
    pending = sum([(await day.earnings(leader))["pending_fen"] for leader in day.leaders])
    await day.weeks(SETTLED)
    seen = [await day.earnings(leader) for leader in day.leaders]
    assert [each["pending_fen"] for each in seen] == [0, 0]
    assert sum(each["available_fen"] for each in seen) == pending
    statements = await day.list(day.office["finance"], "/console/statements")
    assert {row["leader_id"] for row in statements} == {str(leader.id) for leader in day.leaders}
    assert sum(row["released_fen"] for row in statements) == pending
    found = await day.books()
    assert found["leader_available"] == pending
    assert found["leader_pending"] == 0
    assert PRICES["苹果"] > COSTS["苹果"]

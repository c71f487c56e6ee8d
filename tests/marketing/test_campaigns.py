"""Steps, tiers and gifts as operators begin them and orders meet them, within their budgets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from linli import catalog, marketing, sale
from linli.kernel.price import Basket, Buyer, Item, price
from linli.marketing import Ask
from linli.ordering.quote.queries import from_json
from linli.platform.database import Tx
from tests.marketing.stall import office, ordered, paid, place, placed_at_once, quoted, rows, running
from tests.ordering.village import Village, problem
from tests.people_cast import done

RUNGS = [{"reached": 5_000, "off_fen": 500}, {"reached": 10_000, "off_fen": 1_200}]


async def campaign(village: Village, **given: Any) -> dict[str, Any]:
    """Begin 满50减5、满100减12."""
    body = await running(village, kind="amount", title="满减", rungs=RUNGS)
    return await office(village, "/campaigns", body | given)  # type: ignore[no-any-return]


async def shown(village: Village, path: str, found: str) -> dict[str, Any]:
    """Return one campaign as the console lists it."""
    listed = done(await (await village.cast.operator()).get(f"/console{path}"))["items"]
    return next(one for one in listed if one["id"] == found)


async def eggs(village: Village, name: str = "新人鸡蛋") -> int:
    """List eggs as a gift beside the other offers."""

    async def listed(tx: Tx) -> int:
        of = await catalog.add_category(
            tx, name=f"{name}{village.cast.region_id}", storage_class="ambient", commission_bp=0
        )
        size = catalog.NewSkuValue(spec="6枚", unit="盒", gross_g=400, net_g=360)
        made = await catalog.add_product(tx, category_id=of.id, name=name, skus=[size])
        by = await catalog.add_supplier(tx, name=f"{name}农户{village.cast.region_id}")
        await catalog.add_supply(tx, supplier_id=by.id, sku_id=made.skus[0].id, price_fen=500)
        return made.skus[0].id

    sku_id = await village.do(listed, 0)
    terms: dict[str, Any] = {"cycle_id": village.cycle_id, "sku_id": sku_id, "price_fen": 980, "kind": "gift"}
    return await village.do(lambda tx: sale.list_offer(tx, **terms))


@pytest.mark.rule("MKT-2")
async def test_everybody_gets_the_step_they_reach_and_the_figures_say_what_it_cost(village: Village) -> None:
    made = await campaign(village)
    assert [one["title"] for one in done(await village.lady.get("/app/campaigns"))] == ["满减"]
    assert (await quoted(village, village.lady, (village.apples, 1)))["payable_fen"] == 3_900
    first = await paid(village, village.lady, (village.apples, 2))
    second = await ordered(village, village.uncle, (village.apples, 3))
    assert (first["payable_fen"], second["payable_fen"]) == (7_300, 10_500)
    found = (await shown(village, "/campaigns", made["id"]))["figures"]
    assert found == {"orders": 2, "members": 2, "taken_fen": 1_700}
    done(await village.uncle.post(f"/app/orders/{second['id']}/cancellation", {}))
    found = (await shown(village, "/campaigns", made["id"]))["figures"]
    assert found == {"orders": 1, "members": 1, "taken_fen": 500}
    await village.in_balance()


@pytest.mark.rule("PRC-1")
async def test_an_old_order_priced_again_from_its_record_costs_what_it_cost(village: Village) -> None:
    await campaign(village)
    order = await paid(village, village.lady, (village.apples, 2), (village.milk, 1))
    stored = await village.do(lambda tx: _priced(tx, int(order["id"])))
    made = price(from_json(stored))
    assert made.payable_fen == order["payable_fen"] == 9_050 - 500
    lines = {line.offer_id: line.paid_fen for line in (await village.value(order["id"])).lines}
    assert {line.offer_id: line.payable_fen for line in made.lines} == lines


async def _priced(tx: Tx, order_id: int) -> Any:
    from sqlalchemy import text

    found = text("SELECT priced FROM ordering.orders WHERE region_id = :region_id AND id = :id")
    return (await tx.execute(found, {"region_id": tx.region_id, "id": order_id})).scalar_one()


@pytest.mark.rule("CYC-6")
async def test_a_campaign_never_costs_more_than_its_budget_and_then_is_shown_no_more(village: Village) -> None:
    made = await campaign(village, budget_fen=1_200)
    baskets = [((village.apples, 2), 7_300), ((village.milk, 5), 5_750), ((village.offers[2], 2), 4_860)] * 2
    placed, refused = await placed_at_once(
        *[place(village, [village.lady, village.uncle][n % 2], line, expect=fen) for n, (line, fen) in
          enumerate(baskets)]
    )  # fmt: skip
    assert (len(placed), refused) == (2, ["price_changed"] * 4)
    found = await shown(village, "/campaigns", made["id"])
    assert found["figures"]["taken_fen"] == 1_000
    assert (await quoted(village, village.lady, (village.apples, 2)))["payable_fen"] == 7_800
    await village.do(lambda tx: _cancelled(tx, placed[0].member_id, placed[0].id))
    assert (await quoted(village, village.lady, (village.apples, 2)))["payable_fen"] == 7_300


async def _cancelled(tx: Tx, member_id: int, order_id: int) -> None:
    from linli import ordering

    await ordering.cancel(tx, order_id=order_id, member_id=member_id, reason="test")


@pytest.mark.rule("MKT-2")
async def test_a_campaign_counts_only_in_its_time_and_until_it_is_stopped(village: Village) -> None:
    now = village.clock.now()
    times = {"starts_at": (now + timedelta(hours=1)).isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat()}
    made = await campaign(village, **times)
    costs = []
    for hours in (0, 1, 2):
        village.clock.set(now + timedelta(hours=hours))
        costs.append((await quoted(village, village.lady, (village.apples, 2)))["payable_fen"])
    assert costs == [7_800, 7_300, 7_800]
    village.clock.set(now + timedelta(hours=1))
    await office(village, f"/campaigns/{made['id']}/stop")
    assert (await quoted(village, village.lady, (village.apples, 2)))["payable_fen"] == 7_800
    assert done(await village.lady.get("/app/campaigns")) == []


@pytest.mark.rule("MKT-2")
@pytest.mark.parametrize(
    "wrong",
    [
        {"rungs": []},
        {"rungs": RUNGS[::-1]},
        {"rungs": [{"reached": 500, "off_fen": 501}]},
        {"rungs": [{"reached": 500, "off_fen": 5, "off_bp": 5}]},
        {"every": True},
        {"kind": "tier"},
        {"ends_at": "2026-11-01T00:00:00Z"},
    ],
)
async def test_a_campaign_that_contradicts_itself_is_refused(village: Village, wrong: dict[str, Any]) -> None:
    body = await running(village, kind="amount", title="满减", rungs=RUNGS)
    operator = await village.cast.operator()
    problem(await operator.post("/console/campaigns", body | wrong), 422, "campaign_contradicts")
    assert await rows(village, "campaigns") == [0]


@pytest.mark.rule("MEM-6")
async def test_a_newcomer_earns_the_eggs_once_and_they_are_never_sold(village: Village) -> None:
    gift = await eggs(village)
    lines = ((village.apples, 1), (gift, 1))
    body = village.basket(*lines, expect=3_900 + 980)
    problem(await village.lady.post("/app/orders", body), 409, "gift_not_earned")
    made = await office(village, "/gifts", await running(village, title="新人送鸡蛋"))
    problem(
        await village.lady.post("/app/orders", village.basket((village.milk, 1), (gift, 1), expect=2_230)),
        409, "gift_not_earned",
    )  # fmt: skip
    first = await ordered(village, village.lady, *lines)
    assert first["payable_fen"] == 3_900
    assert [one["had"] for one in done(await village.lady.get("/app/gifts"))] == [True]
    problem(await village.lady.post("/app/orders", body), 409, "gift_not_earned")
    assert (await shown(village, "/gifts", made["id"]))["given"] == 1
    done(await village.lady.post(f"/app/orders/{first['id']}/cancellation", {}))
    assert (await shown(village, "/gifts", made["id"]))["given"] == 0
    again = await paid(village, village.lady, *lines)
    assert again["payable_fen"] == 3_900
    assert await village.sold(gift) == 1
    await village.in_balance()


@pytest.mark.rule("MEM-6")
async def test_two_processes_give_one_newcomer_one_gift(village: Village) -> None:
    gifts = [await eggs(village, name) for name in ("土鸡蛋六枚", "鸭蛋六枚", "鹅蛋一枚")]
    await office(village, "/gifts", await running(village, title="新人送蛋"))
    goods = (village.apples, village.milk, village.offers[2])  # nothing in common: no lock of stock puts them in a row
    placed, refused = await placed_at_once(
        *[place(village, village.lady, (offer, 3), (gift, 1)) for offer, gift in zip(goods, gifts, strict=True)]
    )
    assert (len(placed), refused) == (1, ["gift_not_earned"] * 2)
    assert await rows(village, "gift_takings") == [1]


@pytest.mark.rule("PRC-2")
async def test_a_tier_discount_is_a_published_rule_and_meets_nobody_outside_its_segments(village: Village) -> None:
    given = {"kind": "tier", "title": "核心会员95折", "rungs": [], "tiers": {"core": 500}}
    made = await campaign(village, **given)
    assert [one["tiers"] for one in done(await village.lady.get("/app/campaigns"))] == [{"core": 500}]
    assert (await quoted(village, village.lady, (village.apples, 2)))["payable_fen"] == 7_800
    assert (await shown(village, "/campaigns", made["id"]))["figures"]["orders"] == 0
    asked = Ask(
        0, village.lady.id, 0, 0, village.cycle_id, (Item(village.apples, 2, 3_900),), Buyer(9, "core"), {}
    )  # fmt: skip

    async def at_the_desk(tx: Tx) -> int:
        desks = await marketing.open_desks(tx, asks=[asked], holding=True)
        terms = tuple(term for desk in desks for term in desk.terms(asked))
        return price(Basket(asked.items, asked.buyer, tx.now, terms)).payable_fen

    assert await village.do(at_the_desk) == 7_800 - 390

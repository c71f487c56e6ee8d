"""Operators publish and list, members and leaders see what is theirs to see, and bad requests change nothing."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from linli import catalog, sale
from linli.platform.machines import history
from tests.people_cast import Cast, Person, done
from tests.sale.market import CUT_OFF, OPENING, Market

TUESDAY = {"delivery_date": "2026-11-24"}


async def published(operator: Person, **other: Any) -> str:
    """Publish a cycle; returns its id."""
    return str(done(await operator.post("/console/cycles", {**TUESDAY, **other}))["id"])


async def listed(operator: Person, market: Market, cycle_id: str, **terms: Any) -> dict[str, Any]:
    """List a fresh sku; returns the offer."""
    body = {"sku_id": str(await market.sku()), "price_fen": 500, **terms}
    found: dict[str, Any] = done(await operator.post(f"/console/cycles/{cycle_id}/offers", body))
    return found


@pytest.mark.rule("CYC-1")
async def test_an_operator_publishes_tuesday_and_the_clock_says_when_everything_happens(cast: Cast) -> None:
    operator = await cast.operator()
    cycle = done(await operator.post("/console/cycles", TUESDAY))
    assert (cycle["state"], cycle["scope"], cycle["closings"]) == ("draft", "region", 0)
    assert [cycle[name] for name in ("opens_at", "cut_off_at", "grace_until", "promised_from", "delivered_by")] == [
        "2026-11-23T06:00:00Z",
        "2026-11-23T15:00:00Z",
        "2026-11-23T15:05:00Z",
        "2026-11-24T08:00:00Z",
        "2026-11-24T09:00:00Z",
    ]
    assert done(await operator.get(f"/console/cycles/{cycle['id']}")) == cycle
    second = await operator.post("/console/cycles", TUESDAY)
    assert (second.status_code, second.json()["code"]) == (409, "cycle_published_already")
    assert len(done(await operator.get("/console/cycles"))["items"]) == 1


@pytest.mark.rule("CYC-1")
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"delivery_date": "2026-11-22"}, 422, "delivery_date_refused"),
        ({"delivery_date": "2026-11-23"}, 422, "delivery_date_refused"),  # its cut-off was yesterday
        ({"delivery_date": "2027-11-24"}, 422, "delivery_date_refused"),
        ({"delivery_date": "0001-01-01"}, 422, "delivery_date_refused"),
        ({"delivery_date": "9999-12-31"}, 422, "delivery_date_refused"),
        ({"delivery_date": "tomorrow"}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
        ({**TUESDAY, "state": "open"}, 422, "invalid_request"),
        ({**TUESDAY, "station_ids": ["4711"]}, 422, "station_unknown"),
        ({**TUESDAY, "station_ids": ["-1"]}, 422, "bad_id"),
        ({**TUESDAY, "station_ids": "all"}, 422, "invalid_request"),
    ],
)
async def test_a_cycle_that_cannot_be_is_not_published(
    cast: Cast, body: dict[str, Any], status: int, code: str
) -> None:
    operator = await cast.operator()
    refused = await operator.post("/console/cycles", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert done(await operator.get("/console/cycles"))["items"] == []


async def test_a_refused_date_leaves_no_partition_and_a_far_one_gets_its_own_even_when_two_publish(
    cast: Cast, market: Market
) -> None:
    operator, far = await cast.operator(), date(2026, 12, 15)

    async def partitions(day: date) -> int:
        named = text("SELECT count(*) FROM pg_class WHERE relname LIKE :name")
        return int(await market.do(lambda tx: tx.scalar(named.bindparams(name=f"%\\_p{day:%Y%m%d}"))))

    await operator.post("/console/cycles", {"delivery_date": "2027-12-15"})
    assert await partitions(date(2027, 12, 15)) == 0
    body = {"delivery_date": far.isoformat()}
    found = await asyncio.gather(*(operator.post("/console/cycles", body) for _ in range(4)))
    assert sorted(each.status_code for each in found) == [200, 409, 409, 409]
    tables = text("SELECT count(*) FROM pg_class WHERE relkind = 'p'")
    assert await partitions(far) == await market.do(lambda tx: tx.scalar(tables))


@pytest.mark.rule("CYC-4")
async def test_an_offer_copies_the_catalogue_and_keeps_its_copy(cast: Cast, market: Market) -> None:
    operator = await cast.operator()
    cycle_id = await published(operator)
    sku_id = await market.sku()
    seen = {"sku_id": sku_id, "price_fen": 690, "source": "永辉超市", "evidence": "小票照片"}
    await market.do(lambda tx: catalog.add_reference_price(tx, **seen), 0)
    offer = await listed(
        operator, market, cycle_id, sku_id=str(sku_id), stock_limit=10, per_cycle_limit=2, flags=["hero"],
        reference_price_fen=690, reference_source="永辉超市 2026-11-20",
    )  # fmt: skip
    assert (offer["cost_fen"], offer["commission_bp"], offer["storage_class"]) == (300, 1_000, "chilled")
    assert (offer["left"], offer["sold"], offer["on_sale"], offer["closes_at"]) == (
        10,
        0,
        False,
        "2026-11-23T15:00:00Z",
    )
    cheaper = {"supplier_id": offer["supplier_id"], "sku_id": offer["sku_id"], "price_fen": 250}
    market.clock.set(market.clock.now() + timedelta(minutes=1))
    done(await (await cast.buyer()).post("/console/supplies", cheaper))
    page = done(await operator.get(f"/console/cycles/{cycle_id}/offers"))
    assert page == {"items": [offer], "next": None}
    twice = {"sku_id": offer["sku_id"], "price_fen": 480}
    refused = await operator.post(f"/console/cycles/{cycle_id}/offers", twice)
    assert (refused.status_code, refused.json()["code"]) == (409, "sku_offered_already")


@pytest.mark.rule("GDS-3")
async def test_a_price_is_struck_through_only_when_somebody_wrote_down_where_it_was_asked(
    cast: Cast, market: Market
) -> None:
    operator, sku_id = await cast.operator(), await market.sku()
    cycle_id = await published(operator)
    path, body = f"/console/cycles/{cycle_id}/offers", {"sku_id": str(sku_id), "price_fen": 500}
    struck = {**body, "reference_price_fen": 690, "reference_source": "永辉超市 2026-11-20"}
    refused = await operator.post(path, struck)
    assert (refused.status_code, refused.json()["code"]) == (409, "reference_price_unproven")
    assert done(await operator.get(path))["items"] == []
    seen = {"sku_id": sku_id, "price_fen": 689, "source": "永辉超市", "evidence": "小票照片"}
    await market.do(lambda tx: catalog.add_reference_price(tx, **seen), 0)
    assert (await operator.post(path, struck)).json()["code"] == "reference_price_unproven"
    offer = done(await operator.post(path, {**struck, "reference_price_fen": 689}))
    assert offer["reference_price_fen"] == 689
    dearer = {"reference_price_fen": 690, "reason": "涨价"}
    refused = await operator.put(f"/console/offers/{offer['id']}", dearer)
    assert (refused.status_code, refused.json()["code"]) == (409, "reference_price_unproven")


@pytest.mark.rule("GDS-1")
async def test_goods_that_lack_what_their_category_requires_are_not_offered(cast: Cast, market: Market) -> None:
    operator, sku_id = await cast.operator(), await market.sku()
    path = f"/console/cycles/{await published(operator)}/offers"
    of = (await market.do(lambda tx: catalog.sku(tx, sku_id), 0)).category_id
    terms = {"name": f"食品{sku_id}", "commission_bp": 1_000, "required_fields": ["origin", "licence"]}
    done(await (await cast.buyer()).put(f"/console/categories/{of}", terms))
    refused = await operator.post(path, {"sku_id": str(sku_id), "price_fen": 500})
    assert (refused.status_code, refused.json()["code"]) == (409, "goods_incomplete")
    assert refused.json()["lacking"] == ["origin", "licence"]
    assert done(await operator.get(path))["items"] == []


@pytest.mark.rule("CYC-6")
@pytest.mark.parametrize(
    ("terms", "status", "code"),
    [
        ({"price_fen": 299}, 409, "below_cost"),
        ({"price_fen": 299, "campaign_budget_fen": 100}, 409, "below_cost"),
        ({"price_fen": 299, "campaign_budget_fen": 100, "stock_limit": 101}, 409, "below_cost"),
        ({"price_fen": -1}, 422, "invalid_request"),
        ({"price_fen": 3.5}, 422, "invalid_request"),
        ({"price_fen": 10**12}, 422, "invalid_request"),
        ({"reference_price_fen": 690}, 422, "terms_contradict"),
        ({"reference_price_fen": 400, "reference_source": "永辉超市"}, 422, "terms_contradict"),
        ({"minimum_quantity": 3, "per_order_limit": 2}, 422, "terms_contradict"),
        ({"commission_fen": 501}, 422, "terms_contradict"),
        ({"stock_limit": -1}, 422, "invalid_request"),
        ({"stock_limit": 2**40}, 422, "invalid_request"),
        ({"per_order_limit": 0}, 422, "invalid_request"),
        ({"closes_at": "2026-11-23T15:00:01Z"}, 422, "terms_contradict"),
        ({"closes_at": "2026-11-23T06:00:00Z"}, 422, "terms_contradict"),
        ({"flags": ["best"]}, 422, "invalid_request"),
        ({"sku_id": "1"}, 404, "no_such_sku"),
    ],
)
async def test_terms_that_cost_or_contradict_are_refused(
    cast: Cast, market: Market, terms: dict[str, Any], status: int, code: str
) -> None:
    operator = await cast.operator()
    cycle_id = await published(operator)
    body = {"sku_id": str(await market.sku()), "price_fen": 500, **terms}
    refused = await operator.post(f"/console/cycles/{cycle_id}/offers", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert done(await operator.get(f"/console/cycles/{cycle_id}/offers"))["items"] == []


@pytest.mark.rule("CYC-6")
async def test_a_campaign_sells_below_cost_within_its_budget_and_its_stock_cannot_outgrow_it(
    cast: Cast, market: Market
) -> None:
    operator = await cast.operator()
    cycle_id = await published(operator)
    offer = await listed(operator, market, cycle_id, price_fen=299, campaign_budget_fen=100, stock_limit=100)
    for more in (101, None):
        refused = await operator.put(f"/console/offers/{offer['id']}/stock", {"stock_limit": more})
        assert (refused.status_code, refused.json()["code"]) == (409, "below_cost")
    changed = done(await operator.put(f"/console/offers/{offer['id']}/stock", {"stock_limit": 50}))
    assert changed["stock_limit"] == 50


async def test_what_nobody_supplies_or_the_buyer_took_off_is_not_offered(cast: Cast, market: Market) -> None:
    operator, buyer = await cast.operator(), await cast.buyer()
    cycle_id, sku_id = await published(operator), str(await market.sku())
    done(await buyer.put(f"/console/skus/{sku_id}/activity", {"active": False}))
    refused = await operator.post(f"/console/cycles/{cycle_id}/offers", {"sku_id": sku_id, "price_fen": 500})
    assert (refused.status_code, refused.json()["reason"]) == (409, "inactive")


async def test_nothing_is_listed_in_a_cycle_after_its_cut_off(cast: Cast, market: Market) -> None:
    operator = await cast.operator()
    cycle_id = await published(operator)
    market.clock.set(CUT_OFF)
    body = {"sku_id": str(await market.sku()), "price_fen": 500}
    refused = await operator.post(f"/console/cycles/{cycle_id}/offers", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_not_offerable")


@pytest.mark.rule("S8")
async def test_members_see_open_cycles_and_offers_without_what_they_cost(cast: Cast, market: Market) -> None:
    operator = await cast.operator()
    cycle_id = await published(operator)
    offers = [await listed(operator, market, cycle_id, stock_limit=3) for _ in range(3)]
    leader = await cast.leader("王姐")
    member = await cast.member("李阿姨", leader)
    assert done(await member.get("/app/cycles/current"))["items"] == []
    assert (await member.get(f"/app/cycles/{cycle_id}/offers")).status_code == 404
    market.clock.set(OPENING)
    await market.do(sale.open_due)
    done(await operator.post(f"/console/offers/{offers[1]['id']}/withdrawal"))
    seen = done(await member.get("/app/cycles/current"))
    assert [each["id"] for each in seen["items"]] == [cycle_id]
    assert (seen["now"], seen["items"][0]["cut_off_at"]) == ("2026-11-23T06:00:00Z", "2026-11-23T15:00:00Z")
    first = done(await member.get(f"/app/cycles/{cycle_id}/offers", params={"limit": 1}))
    rest = done(await member.get(f"/app/cycles/{cycle_id}/offers", params={"after": first["next"], "limit": 5}))
    assert [each["id"] for each in first["items"] + rest["items"]] == [offers[0]["id"], offers[2]["id"]]
    card = first["items"][0]
    assert card["left"] == 3
    assert not card.keys() & {"cost_fen", "supplier_name", "supplier_id", "commission_bp", "campaign_budget_fen"}
    for_leader = done(await leader.get(f"/leader/cycles/{cycle_id}/offers"))["items"]
    assert [each["commission_bp"] for each in for_leader] == [1_000, 1_000]
    assert not for_leader[0].keys() & {"cost_fen", "supplier_name", "supplier_id"}
    market.clock.set(CUT_OFF)  # the closing worker is late, yet nobody is told that the cycle is open
    assert done(await member.get("/app/cycles/current"))["items"] == []


@pytest.mark.rule("CYC-1")
async def test_a_cycle_for_one_station_is_invisible_at_the_others(cast: Cast, market: Market) -> None:
    operator, wang, zhao = await cast.operator(), await cast.leader("王姐"), await cast.leader("赵哥")
    here, there = await cast.member("李阿姨", wang), await cast.member("孙叔", zhao)
    cycle_id = await published(operator, station_ids=[str(wang.station_id)])
    await listed(operator, market, cycle_id)
    done(await operator.post(f"/console/cycles/{cycle_id}/opening"))
    for person, audience, sees in ((here, "app", 1), (there, "app", 0), (wang, "leader", 1), (zhao, "leader", 0)):
        assert len(done(await person.get(f"/{audience}/cycles/current"))["items"]) == sees
        found = await person.get(f"/{audience}/cycles/{cycle_id}/offers")
        assert found.status_code == (200 if sees else 404)


@pytest.mark.rule("CYC-1")
async def test_only_an_administrator_reopens_and_the_reason_is_kept(cast: Cast, market: Market) -> None:
    operator, administrator = await cast.operator(), await cast.administrator()
    cycle_id = await published(operator)
    await listed(operator, market, cycle_id)
    done(await operator.post(f"/console/cycles/{cycle_id}/opening"))
    blank = await operator.post(f"/console/cycles/{cycle_id}/closing", {"reason": "  "})
    assert blank.status_code == 422
    closed = done(await operator.post(f"/console/cycles/{cycle_id}/closing", {"reason": "暴雪"}))
    assert (closed["state"], closed["closings"]) == ("closed", 1)
    body = {"reason": "雪停了"}
    assert (await operator.post(f"/console/cycles/{cycle_id}/reopening", body)).status_code == 403
    past = {**body, "until": market.clock.now().isoformat()}
    late = await administrator.post(f"/console/cycles/{cycle_id}/reopening", past)
    assert (late.status_code, late.json()["code"]) == (409, "reopened_too_late")
    reopened = done(await administrator.post(f"/console/cycles/{cycle_id}/reopening", body))
    assert (reopened["state"], reopened["cut_off_at"]) == ("open", "2026-11-23T15:00:00Z")
    lines = await market.do(lambda tx: history(tx, int(cycle_id)))
    assert [(line.verb, line.reason) for line in lines] == [("open", ""), ("close", "暴雪"), ("reopen", "雪停了")]
    assert lines[-1].by == f"console:{administrator.account_id}"


@pytest.mark.rule("S8")
async def test_those_who_may_not_sell_are_refused_and_other_regions_are_not_found(cast: Cast, market: Market) -> None:
    operator = await cast.operator()
    cycle_id = await published(operator)
    offer = await listed(operator, market, cycle_id)
    stranger = Cast(cast.client, cast.installation, market.region_id)
    finance, member = await stranger.finance(), await stranger.member()
    for person in (finance, member):
        assert (await person.post("/console/cycles", {"delivery_date": "2026-11-25"})).status_code == 403
        assert (await person.post(f"/console/cycles/{cycle_id}/opening")).status_code == 403
    elsewhere = {"Linli-Region": str(market.region_id + 700_000)}
    for path in (f"/console/cycles/{cycle_id}", f"/console/cycles/{cycle_id}/offers"):
        assert (await operator.get(path, headers=elsewhere)).status_code == 404
    taken = await operator.post(f"/console/offers/{offer['id']}/withdrawal", headers=elsewhere)
    assert (taken.status_code, taken.json()["code"]) == (404, "no_such_offer")
    assert (await market.do(lambda tx: sale.offer(tx, int(offer["id"])))).withdrawn is False


@pytest.mark.rule("ORD-3")
async def test_a_double_click_publishes_once_and_is_answered_the_same_next_day(cast: Cast, market: Market) -> None:
    operator = await cast.operator(regional=True)
    first = done(await operator.post("/console/cycles", TUESDAY, key="publish-tuesday"))
    market.clock.set(CUT_OFF + timedelta(hours=5))
    again = await operator.post("/console/cycles", TUESDAY, key="publish-tuesday")
    assert done(again) == first
    assert again.headers["idempotent-replay"] == "true"
    other = await operator.post("/console/cycles", {"delivery_date": "2026-11-26"}, key="publish-tuesday")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")

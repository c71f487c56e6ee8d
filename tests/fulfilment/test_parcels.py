"""What a supplier sends to the door itself: ordered apart, with a fee, never in a tote, received from the carrier."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from linli import fulfilment, money, ordering, sale
from linli.fulfilment.parcel.rules import still_to_send
from linli.kernel.price import Basket, Item, price
from linli.marketing.promotion.model import DeliveryFee
from linli.platform.database import Tx
from linli.platform.settings import change
from tests.fulfilment.yard import Yard
from tests.ordering.village import problem
from tests.people_cast import Cast, Person, done
from tests.supply.depot import Depot

HOME = {
    "name": "李秀英", "phone": "13800001111", "province": "湖南", "city": "长沙", "district": "岳麓区",
    "street": "桐梓坡路 1 号 2 栋 301",
}  # fmt: skip


class Post:
    """A depot where honey, 30.00 a jar (cost 18.00), is sent by its supplier; calls go through the API."""

    def __init__(self, depot: Depot, lady: Person, keeper: Person, honey: int) -> None:
        self.depot, self.lady, self.keeper, self.honey = depot, lady, keeper, honey

    @classmethod
    async def found(cls, depot: Depot) -> Post:
        """Put honey on sale and sign a member and the supplier in."""
        goods = await depot.sell("蜂蜜", await depot.supplier("蜂场"), cost_fen=1_800, price_fen=3_200)
        honey = await depot.do(
            lambda tx: sale.list_offer(
                tx, cycle_id=depot.cycle_id, sku_id=goods.sku_id, price_fen=3_000, kind="express", stock_limit=50
            )
        )
        await depot.do(_on_sale)
        lady = await depot.cast.member("李阿姨", depot.leaders[0])
        return cls(depot, lady, await depot.cast.supplier(goods.supplier_id), honey)

    def basket(self, pieces: int, expect: int, *, address: Mapping[str, Any] | None = HOME, **more: Any) -> Any:
        """Return the body of an order of honey."""
        lines = [{"offer_id": str(self.honey), "quantity": pieces}]
        body = {"cycle_id": str(self.depot.cycle_id), "lines": lines, "expect_payable_fen": expect, **more}
        return body | ({"address": dict(address)} if address else {})

    async def order(self, pieces: int, expect: int, *, pay: bool = True) -> dict[str, Any]:
        """Order honey and pay it in cash."""
        placed = done(await self.lady.post("/app/orders", self.basket(pieces, expect, payment="offline")))
        if pay:
            paid = {"amount_fen": placed["payable_fen"], "way": "cash"}
            done(await self.depot.leaders[0].post(f"/leader/orders/{placed['id']}/payment", paid))
            await self.depot.drain()
        return placed  # type: ignore[no-any-return]

    async def seen(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Return the order as its member sees it."""
        return done(await self.lady.get(f"/app/orders/{order['id']}"))  # type: ignore[no-any-return]

    async def send(self, order: Mapping[str, Any], tracking: str, **more: Any) -> httpx2.Response:
        """Let the supplier enter a parcel."""
        body = {"carrier": "顺丰", "tracking": tracking, **more}
        return await self.keeper.post(f"/supplier/drop-ships/{order['id']}/parcels", body)

    async def to_send(self) -> list[dict[str, Any]]:
        """Return the supplier's drop-ship list."""
        return done(await self.keeper.get("/supplier/drop-ships"))["items"]  # type: ignore[no-any-return]

    async def entries(self, kind: str) -> int:
        """Return the fen of a kind in the sub-ledger."""
        statement = text("SELECT coalesce(sum(amount_fen), 0) FROM money.entries WHERE region_id = :r AND kind = :kind")

        async def summed(tx: Tx) -> int:
            return int((await tx.execute(statement, {"r": tx.region_id, "kind": kind})).scalar_one())

        return await self.depot.do(summed)

    async def books_agree(self) -> None:
        """Prove that orders, fees and the books tell one story."""
        await self.depot.do(money.post_batches)
        found = await self.depot.do(money.check)
        assert found.differences == ()
        assert found.balanced


async def _on_sale(tx: Tx) -> None:
    """Put what was listed after the opening on sale, as the gate does."""
    await tx.execute(text("UPDATE sale.offers SET on_sale = true WHERE region_id = :r"), {"r": tx.region_id})


@pytest.fixture
async def post(cast: Cast) -> Post:
    """A depot and a supplier of honey."""
    return await Post.found(await Depot.open(cast))


@pytest.mark.rule("ORD-10")
@pytest.mark.rule("CYC-4")
@pytest.mark.rule("ORD-4")
async def test_honey_is_sent_in_two_parcels_and_is_hers_when_both_came(post: Post) -> None:
    depot = post.depot
    order = await post.order(1, 3_800)
    assert (order["goods_fen"], order["fee_fen"], order["payable_fen"]) == (3_000, 800, 3_800)
    two = await post.order(3, 9_000)
    assert two["fee_fen"] == 0
    assert await post.to_send() == []  # nobody learns an address before the order is bought
    problem(await post.send(two, "SF1000"), 404, "not_yours_to_send")
    await depot.night()
    listed = await post.to_send()
    assert [(one["order_id"], one["lines"][0]["to_send"]) for one in listed] == [(order["id"], 1), (two["id"], 3)]
    assert listed[1]["receiver"] == HOME
    line_id = listed[1]["lines"][0]["line_id"]
    first = done(await post.send(two, "SF1001", lines=[{"line_id": line_id, "quantity": 2}]))
    assert (await post.seen(two))["state"] == "on_the_way"
    second = done(await post.send(two, "SF1002"))
    assert second["pieces"] == {line_id: 1}
    assert (await post.to_send())[1]["receiver"] is None  # all sent: the address is not shown any more
    assert await post.entries("goods_received") == 3 * 1_800
    parcels = done(await post.lady.get(f"/app/orders/{two['id']}/parcels"))
    assert [one["tracking"] for one in parcels] == ["SF1001", "SF1002"]
    done(await post.lady.post(f"/app/parcels/{first['id']}/receipt"))
    done(await post.lady.post(f"/app/parcels/{first['id']}/receipt"))  # told twice it is quiet
    assert (await post.seen(two))["state"] == "on_the_way"
    done(await post.lady.post(f"/app/parcels/{second['id']}/receipt"))
    await depot.drain()
    seen = await post.seen(two)
    assert seen["state"] == "collected"
    states = [step["state"] for step in seen["timeline"]]
    assert states == ["placed", "paid", "confirmed", "bought", "on_the_way", "collected"]
    assert seen["pickup_code"] is None
    assert await post.entries("collected") == 9_000
    assert await post.entries("commission_accrued") == 900
    await post.books_agree()


@pytest.mark.rule("ORD-10")
async def test_the_fee_is_earned_with_the_goods_and_what_nobody_confirms_the_clock_does(post: Post) -> None:
    order = await post.order(1, 3_800)
    await post.depot.night()
    parcel = done(await post.send(order, "SF2001"))
    post.depot.clock.set(post.depot.clock.now() + timedelta(days=10) - timedelta(seconds=1))
    assert await post.depot.do(fulfilment.receive_overdue) == 0
    post.depot.clock.set(post.depot.clock.now() + timedelta(seconds=1))
    counts = await asyncio.gather(*[post.depot.do(fulfilment.receive_overdue) for _ in range(3)])
    assert sum(counts) == 1
    assert (await post.seen(order))["state"] == "collected"
    assert await post.entries("collected") == 3_800
    again = done(await post.lady.post(f"/app/parcels/{parcel['id']}/receipt"))
    assert again["state"] == "received"
    assert await post.entries("collected") == 3_800
    await post.books_agree()


@pytest.mark.rule("ORD-9")
async def test_cancelled_before_cut_off_the_fee_comes_back_with_the_goods(post: Post) -> None:
    order = await post.order(1, 3_800)
    gone = done(await post.lady.post(f"/app/orders/{order['id']}/cancellation", {}))
    assert (gone["state"], gone["refunded_fen"]) == ("cancelled", 3_800)
    refunds = await post.depot.do(lambda tx: money.refunds_of_order(tx, int(order["id"])))
    assert [one.amount_fen for one in refunds] == [3_800]
    assert (await post.depot.do(lambda tx: sale.offer(tx, post.honey))).sold == 0
    await post.depot.night()
    assert await post.to_send() == []
    await post.books_agree()


@pytest.mark.rule("ORD-9")
async def test_what_cannot_be_sent_after_cut_off_is_refunded_with_its_fee_and_once_sent_without(post: Post) -> None:
    unsent, sent = await post.order(1, 3_800), await post.order(1, 3_800)
    await post.depot.night()
    done(await post.send(sent, "SF5001"))
    for order in (unsent, sent):
        [line] = (await post.depot.value(int(order["id"]))).lines
        for share in (1_000, 2_000):
            asked = {"amount_fen": share, "reason": "缺货", "ref_kind": "test", "ref_id": share}
            await post.depot.do(lambda tx, id=line.id, asked=asked: ordering.refund_line(tx, line_id=id, **asked))  # type: ignore[misc]
    assert [(await post.seen(order))["refunded_fen"] for order in (unsent, sent)] == [3_800, 3_000]
    refunds = await post.depot.do(lambda tx: money.refunds_of_order(tx, int(unsent["id"])))
    assert sorted(one.amount_fen for one in refunds) == [1_000, 2_800]
    await post.books_agree()


async def test_express_is_ordered_apart_and_with_an_address(post: Post) -> None:
    before = await post.depot.count("ordering.orders"), await post.depot.count("ordering.addresses")
    problem(await post.lady.post("/app/orders", post.basket(1, 3_800, address=None)), 422, "address_missing")
    mixed = post.basket(1, 5_900)
    mixed["lines"].append({"offer_id": str(post.depot.goods["苹果"].offer_id), "quantity": 1})
    problem(await post.lady.post("/app/orders", mixed), 409, "offer_mix")
    quoted = {name: mixed[name] for name in ("cycle_id", "lines")}
    problem(await post.lady.post("/app/quotes", quoted), 409, "offer_mix")
    assert (await post.depot.count("ordering.orders"), await post.depot.count("ordering.addresses")) == before
    assert (await post.depot.do(lambda tx: sale.offer(tx, post.honey))).sold == 0


async def test_a_far_province_costs_more_and_the_quote_says_so(post: Post) -> None:
    plan = {"fee_fen": 800, "free_from_fen": 5_900, "more_by_province": {"新疆": 1_200}}
    await post.depot.do(lambda tx: change(tx, name="pricing.delivery", value=plan, valid_from=tx.now, reason="test"))
    lines = [{"offer_id": str(post.honey), "quantity": 3}]
    body = {"cycle_id": str(post.depot.cycle_id), "lines": lines, "using": {"delivery": {"province": "新疆"}}}
    quote = done(await post.lady.post("/app/quotes", body))
    assert (quote["fee_fen"], quote["payable_fen"]) == (2_000, 11_000)
    near = post.basket(3, 9_000, using=body["using"], address={**HOME, "province": "新疆"})
    problem(await post.lady.post("/app/orders", near), 409, "price_changed")
    near["expect_payable_fen"] = 11_000
    assert done(await post.lady.post("/app/orders", near))["fee_fen"] == 2_000


async def test_only_its_supplier_sees_where_it_goes_and_every_reading_is_written_down(post: Post) -> None:
    order = await post.order(1, 3_800)
    stranger = await post.depot.cast.supplier(post.depot.goods["苹果"].supplier_id)
    await post.depot.night()
    assert done(await stranger.get("/supplier/drop-ships"))["items"] == []
    body = {"carrier": "顺丰", "tracking": "SF3001"}
    problem(await stranger.post(f"/supplier/drop-ships/{order['id']}/parcels", body), 404, "not_yours_to_send")
    assert await post.depot.count("fulfilment.address_reads") == 0
    await post.to_send()
    await post.to_send()
    assert await post.depot.count("fulfilment.address_reads") == 2
    sealed = text("SELECT sealed FROM ordering.addresses WHERE region_id = :r")

    async def kept(tx: Tx) -> str:
        return str((await tx.execute(sealed, {"r": tx.region_id})).scalar_one())

    stored = await post.depot.do(kept)
    assert not any(HOME[name] in stored for name in ("name", "phone", "street"))
    other = await post.depot.cast.member("赵叔", post.depot.leaders[0])
    problem(await other.get(f"/app/orders/{order['id']}/parcels"), 404, "order_not_found")
    leader_sees = done(await post.depot.leaders[0].get(f"/leader/orders/{order['id']}"))
    assert (leader_sees["express"], leader_sees["nickname"]) == (True, "李阿姨")


async def test_no_more_is_sent_than_was_ordered_however_many_send_at_once(post: Post) -> None:
    order = await post.order(2, 6_000)
    await post.depot.night()
    answers = await asyncio.gather(*[post.send(order, f"SF40{n}") for n in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await post.entries("goods_received") == 2 * 1_800
    problem(
        await post.send(order, "SF400"), 409, "parcel_known" if answers[0].status_code == 200 else "nothing_to_send"
    )


@pytest.mark.rule("ORD-10")
async def test_an_express_order_never_reaches_demand_a_purchase_order_or_a_tote(post: Post) -> None:
    depot, yard = post.depot, Yard(post.depot, await post.depot.cast.operator())
    await yard.van("湘A00001")
    ordinary = await depot.order("赵叔", ("苹果", 3))
    await depot.order("小陈", ("苹果", 1), leader=1)
    express = await post.order(2, 6_000)
    await depot.night()
    await depot.arrive()
    await yard.arrived()
    sku = f"sku_id = {(await depot.do(lambda tx: sale.offer(tx, post.honey))).sku_id}"
    assert await depot.count("supply.demand_lines") == 2
    for table in ("supply.demand_lines", "supply.purchase_lines", "supply.sku_needs", "warehouse.sort_tasks"):
        assert await depot.count(table, sku) == 0
    assert await depot.count("warehouse.sort_items", f"order_id = {express['id']}") == 0
    assert (await depot.value(ordinary)).state == "at_station"
    assert (await post.seen(express))["state"] == "bought"
    problem(await yard.pick_up(order_ids=[express["id"]]), 409, "not_at_station")
    assert await depot.do(lambda tx: fulfilment.untruths(tx, depot.cycle_id)) == []
    await depot.in_balance()


@given(
    st.dictionaries(st.integers(1, 5), st.integers(1, 9), min_size=1),
    st.lists(st.dictionaries(st.integers(1, 5), st.integers(1, 9)), max_size=4),
)
def test_what_is_left_and_what_was_sent_is_what_was_wanted(wanted: dict[int, int], sent: list[dict[int, int]]) -> None:
    left = still_to_send(wanted, sent)
    for line_id, count in wanted.items():
        gone = sum(pieces.get(line_id, 0) for pieces in sent)
        assert left.get(line_id, 0) == max(0, count - gone)
    assert set(left) <= set(wanted)


@given(st.integers(1, 20), st.integers(0, 3_000), st.integers(0, 9_000), st.none() | st.integers(0, 40_000))
def test_the_fee_is_added_whole_or_not_at_all_and_never_touches_a_line(
    pieces: int, each: int, fee: int, free: int | None
) -> None:
    term = DeliveryFee(source="delivery:fee", label="运费", fee_fen=fee, free_from_fen=free)
    quote = price(Basket((Item(1, pieces, each, kind="express"),), terms=(term,)))
    owed = 0 if free is not None and pieces * each >= free else fee
    assert (quote.fee_fen, quote.payable_fen) == (owed, pieces * each + owed)
    assert sum(line.payable_fen for line in quote.lines) == pieces * each

"""What has gone wrong in other shops, lived through here: one story for each, and nobody loses a fen or a bag."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from linli import money, ordering
from linli.entry.clock import tick
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.jobs import Runner
from tests.ordering.village import problem
from tests.people_cast import Person, done
from tests.stories.a_day import Day, one_day

SETTLED = datetime(2026, 12, 6, 18, 0, tzinfo=UTC)  # Monday 7 December, 02:00 in Shanghai


@pytest.fixture
async def day(client: httpx2.AsyncClient, installation: Installation, region_id: int) -> AsyncIterator[Day]:
    """An evening with goods on sale."""
    async with one_day(client, installation, region_id) as made:
        await made.staff()
        await made.catalogue()
        await made.open_cycle(鸡蛋=4)
        yield made


async def refund(day: Day, line_id: str, ref_id: int, **what: int) -> int:
    """Give money of a line back, as after-sale would."""

    async def give(tx: Tx) -> int:
        given = {"reason": "质量问题", "ref_kind": "test", "ref_id": ref_id}
        return await ordering.refund_line(tx, line_id=int(line_id), **given, **what)  # type: ignore[arg-type]

    given = await day.installation.db.run(give, day.region_id, by="test")
    await day.settle()
    return given


async def rows(day: Day, table: str, where: str = "TRUE") -> int:
    """Return how many rows of the region a table has."""
    statement = text(f"SELECT count(*) FROM {table} WHERE region_id = :region AND {where}")

    async def count(tx: Tx) -> int:
        return int((await tx.execute(statement, {"region": day.region_id})).scalar_one())

    return await day.installation.db.run(count, day.region_id, by="test")


@pytest.mark.rule("SRT-3")
async def test_every_list_says_the_same_pieces_after_short_goods_and_refunds(day: Day) -> None:
    wang, zhou = day.leaders
    lady = await day.cast.member("李阿姨", wang)
    chen = await day.cast.member("小陈", zhou)
    await day.bought(lady, 苹果=6, 牛奶=2)
    await day.bought(chen, 苹果=5, 牛奶=3)
    await day.brought(苹果=12)  # 20 bought, 8 came, 11 ordered
    by_orders = Counter[str]()
    for leader in (wang, zhou):
        for order in await day.list(leader, f"/leader/cycles/{day.cycle['id']}/orders"):
            by_orders[str(leader.station_id)] += sum(
                line["quantity"] - line["short_quantity"] for line in order["lines"]
            )
    assert sum(by_orders.values()) == 8 + 5
    totes, handovers, waiting = Counter[str](), Counter[str](), Counter[str]()
    for tote in done(await day.office["warehouse_lead"].get(f"{day.cycle_path}/totes")):
        totes[tote["station_id"]] += tote["pieces"]
    for paper in done(await day.office["operator"].get(f"{day.cycle_path}/handovers")):
        handovers[paper["station_id"]] += paper["expected_pieces"]
    [run] = done(await day.office["operator"].get(f"{day.cycle_path}/runs"))["runs"]
    stops = Counter({stop["station_id"]: stop["pieces"] for stop in run["stops"]})
    for leader in (wang, zhou):
        asked = {"station_id": str(leader.station_id)}
        for order in done(await leader.get("/leader/pickups/waiting", params=asked)):
            waiting[asked["station_id"]] += sum(line["left"] for line in order["lines"])
    assert by_orders == totes == handovers == stops == waiting
    for kind in ("sorting-list", "station-lists", "labels"):
        book = await day.office["warehouse_lead"].get(f"{day.cycle_path}/papers/{kind}.xlsx")
        printed = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
        assert 13 in printed[-1], kind
    assert {leader["quantity"] for leader in await products(day, wang)} == {6 - short_of(by_orders, wang), 2}


async def products(day: Day, leader: Person) -> list[dict[str, Any]]:
    """Return what a leader's orders come to by product."""
    return done(await leader.get(f"/leader/cycles/{day.cycle['id']}/products"))  # type: ignore[no-any-return]


def short_of(pieces: Counter[str], leader: Person) -> int:
    """Return how many of 王姐's eight pieces did not come."""
    return 8 - pieces[str(leader.station_id)]


async def test_the_second_click_makes_no_second_list_order_wave_or_route(day: Day) -> None:
    lady = await day.cast.member("李阿姨", day.leaders[0])
    await day.bought(lady, 苹果=3)
    operator, worker = day.office["operator"], day.office["warehouse_worker"]
    again = await operator.post("/console/cycles", {"delivery_date": day.cycle["delivery_date"]})
    problem(again, 409, "cycle_published_already")
    await day.night()
    for _ in range(2):
        await tick(day.installation, regions=[day.region_id])
        for po in await day.purchase_orders():
            done(await day.office["buyer"].post(f"/console/purchase-orders/{po['id']}/sending"))
        await day.settle()
    assert len(await day.purchase_orders()) == 1
    assert await rows(day, "supply.demands") == 1
    await day.receive()
    finish = f"/warehouse/cycles/{day.cycle['id']}/receiving-finish"
    assert done(await worker.post(finish))["finished"]
    await day.van()
    waves = [
        done(each)["id"]
        for each in await asyncio.gather(
            *[worker.post("/warehouse/waves", {"cycle_id": day.cycle["id"]}) for _ in range(3)]
        )
    ]
    assert len(set(waves)) == 1
    await day.sort()
    await asyncio.gather(*[operator.post(f"{day.cycle_path}/route-plan") for _ in range(3)])
    await day.settle()
    [run] = done(await operator.get(f"{day.cycle_path}/runs"))["runs"]
    assert len(run["stops"]) == 1
    assert await rows(day, "warehouse.waves") == 1
    assert await rows(day, "fulfilment.handovers") == 1


@pytest.mark.rule("BUY-3")
async def test_no_supplier_is_mailed_twice_however_many_workers_and_clicks_there_are(day: Day) -> None:
    farm = await day.cast.supplier(int(day.suppliers["果园"]))
    lady = await day.cast.member("李阿姨", day.leaders[0])
    await day.bought(lady, 苹果=3)
    await day.at("cut_off_at")
    await day.at("grace_until", timedelta(minutes=1))
    day.clock.set(datetime.fromisoformat(day.cycle["demand_at"]) + timedelta(minutes=1))
    other = Runner.beside(day.installation.runner)
    for _ in range(3):
        await asyncio.gather(
            *[runner.drain(regions=[day.region_id]) for runner in (day.installation.runner, other)],
            *[tick(day.installation, regions=[day.region_id]) for _ in range(2)],
        )
    [po] = await day.purchase_orders()
    await asyncio.gather(*[day.office["buyer"].post(f"/console/purchase-orders/{po['id']}/sending") for _ in range(3)])
    await day.settle()
    assert [message["event"] for message in await day.list(farm, "/supplier/messages")] == ["po.sent"]
    assert await rows(day, "platform.outbox", "name = 'supply.purchase_order_sent'") == 1
    assert (await day.purchase_orders())[0]["sent_at"] == po["sent_at"]


async def collected(day: Day, **goods: int) -> tuple[Person, dict[str, Any]]:
    """Let 李阿姨 buy and collect at 王姐's."""
    lady = await day.cast.member("李阿姨", day.leaders[0])
    order = await day.bought(lady, **goods)
    await day.brought()
    await day.collect(day.leaders[0], order["pickup_code"])
    return lady, await day.seen(lady, order)


@pytest.mark.rule("COM-2")
async def test_a_refund_after_the_settled_week_takes_the_commission_back_and_clips_nothing(day: Day) -> None:
    leader = day.leaders[0]
    _, order = await collected(day, 苹果=4)
    assert (await day.earnings(leader))["pending_fen"] == 840
    await day.weeks(SETTLED)
    spent = [money.Entry("commission_paid", 700, "test", 1, owner_id=leader.id, provider="offline")]
    await day.installation.db.run(lambda tx: money.record(tx, entries=spent), day.region_id, by="test")
    await day.books()
    assert (await day.earnings(leader))["available_fen"] == 140
    assert await refund(day, order["lines"][0]["id"], 1, quantity=3) == 6_300
    seen = await day.earnings(leader)
    assert (seen["available_fen"], seen["owed_fen"]) == (0, 630 - 140)
    assert [why["delta_fen"] for why in seen["items"][0]["why"]] == [840, -630]
    found = await day.books()
    assert (found["leader_available"], found["leader_receivable"]) == (0, 490)


@pytest.mark.rule("PUP-2")
async def test_no_code_is_verified_at_another_leaders_station(day: Day) -> None:
    wang, zhou = day.leaders
    lady = await day.cast.member("李阿姨", wang)
    order = await day.bought(lady, 苹果=1)
    await day.brought()
    before = await day.orders()
    for station, how in ((wang, {"code": order["pickup_code"]}), (zhou, {"code": order["pickup_code"]})):
        refused = await zhou.post("/leader/pickups", {"station_id": str(station.station_id), **how})
        assert refused.status_code == 404
    listed = {"station_id": str(zhou.station_id), "order_ids": [order["id"]]}
    problem(await zhou.post("/leader/pickups", listed), 404, "order_not_found")
    assert await day.orders() == before
    assert await rows(day, "fulfilment.pickups") == 0
    assert (await day.earnings(zhou))["items"] == []


@pytest.mark.rule("PAY-4")
async def test_a_payment_after_the_order_was_closed_goes_back_whole(day: Day) -> None:
    lady = await day.cast.member("李阿姨", day.leaders[0])
    order = await day.order(lady, 鸡蛋=4)
    charge = await day.charge(lady, order)
    done(await lady.post(f"/app/orders/{order['id']}/cancellation", {"reason": "不要了"}))
    assert await day.press(charge) == 200  # the page is still open at the provider
    await day.settle()
    await day.later(10)
    seen = await day.seen(lady, order)
    assert seen["state"] == "cancelled"
    paid, given_back = day.provider.books()
    assert list(paid.values()) == list(given_back.values()) == [4 * 1_390]
    uncle = await day.cast.member("赵叔", day.leaders[0])
    assert (await day.bought(uncle, 鸡蛋=4))["state"] == "paid"  # the eggs were free again
    found = await day.books()
    assert (found["cash_sandbox"], found["member_prepayment"]) == (4 * 1_390, 4 * 1_390)


async def test_who_presses_pay_after_the_cut_off_is_turned_away(day: Day) -> None:
    lady = await day.cast.member("李阿姨", day.leaders[0])
    await day.at("cut_off_at", -timedelta(minutes=2))
    order = await day.order(lady, 苹果=1)
    charge = await day.charge(lady, order)
    await day.night()
    assert await day.press(charge) == 409
    await day.settle()
    assert (await day.seen(lady, order))["state"] == "cancelled"
    assert day.provider.books() == ({}, {})
    assert await day.purchase_orders() == []


async def test_no_gateway_hears_of_a_refund_whose_transaction_rolled_back(day: Day) -> None:
    lady = await day.cast.member("李阿姨", day.leaders[0])
    order = await day.bought(lady, 苹果=2)

    async def fail(tx: Tx) -> None:
        line = int(order["lines"][0]["id"])
        await ordering.refund_line(tx, line_id=line, quantity=1, reason="缺货", ref_kind="test", ref_id=1)
        raise RuntimeError("the power went out before the commit")

    with pytest.raises(RuntimeError):
        await day.installation.db.run(fail, day.region_id, by="test")
    await day.settle()
    await day.later(10)
    assert day.provider.books()[1] == {}
    assert (await day.seen(lady, order))["refunded_fen"] == 0
    assert await refund(day, order["lines"][0]["id"], 1, quantity=1) == 2_100
    await day.later(10)
    assert list(day.provider.books()[1].values()) == [2_100]
    await day.books()


@pytest.mark.rule("PAY-6")
async def test_no_fen_is_lost_when_a_line_is_given_back_in_parts(day: Day) -> None:
    leader = day.leaders[0]
    lady, order = await collected(day, 牛奶=7)  # 69.30
    line = order["lines"][0]["id"]
    parts = [await refund(day, line, 1, amount_fen=1_001)]
    parts += [await refund(day, line, ref, quantity=1) for ref in range(2, 9)]
    assert sum(parts) == 7 * 990
    assert all(0 <= part <= 990 for part in parts[1:])
    assert (await day.seen(lady, order))["refunded_fen"] == 7 * 990
    for _ in range(20):  # refunds of one charge go out one after another, a minute apart
        await day.later(2)
    assert sum(day.provider.books()[1].values()) == 7 * 990
    seen = await day.earnings(leader)
    assert seen["pending_fen"] == 0
    assert sum(why["delta_fen"] for why in seen["items"][0]["why"]) == 0
    found = await day.books()
    assert {found[kind] for kind in ("revenue", "member_prepayment", "cash_sandbox", "leader_pending")} == {0}


@pytest.mark.rule("CYC-2")
async def test_a_house_that_slept_48_hours_closes_and_buys_once_when_it_wakes(day: Day) -> None:
    lady, uncle = await day.cast.members(["李阿姨", "赵叔"], day.leaders[0])
    await day.bought(lady, 苹果=3)
    forgotten = await day.order(uncle, 苹果=2)
    day.clock.set(datetime.fromisoformat(day.cycle["cut_off_at"]) + timedelta(hours=48))
    late = await lady.post("/app/orders", day.basket(苹果=1))
    assert (late.status_code, late.json()["code"]) == (409, "cycle_not_open")
    for _ in range(3):
        await asyncio.gather(*[tick(day.installation, regions=[day.region_id]) for _ in range(2)])
        await day.settle()
    assert (await day.seen(uncle, forgotten))["state"] == "cancelled"
    cycle = done(await day.office["operator"].get(day.cycle_path))
    assert cycle["closings"] == 1
    [po] = await day.purchase_orders()
    assert [line["quantity"] for line in po["lines"]] == [10]
    assert await rows(day, "platform.outbox", "name = 'sale.cycle_closed'") == 1


@pytest.mark.rule("ORD-2")
async def test_five_identical_submissions_at_once_make_one_order_and_one_answer(day: Day) -> None:
    lady = await day.cast.member("李阿姨", day.leaders[0])
    body = day.basket(苹果=2, 牛奶=1)
    answers = await asyncio.gather(*[lady.post("/app/orders", body, key="five-fast-taps") for _ in range(5)])
    assert len({done(answer)["id"] for answer in answers}) == 1
    assert len({answer.text for answer in answers}) == 1
    assert len(await day.list(lady, "/app/orders")) == 1
    order = answers[0].json()
    charges = [
        done(each)["id"]
        for each in await asyncio.gather(
            *[
                lady.post("/app/charges", {"order_ids": [order["id"]], "channel": "sandbox"}, key="five-fast-pays")
                for _ in range(5)
            ]
        )
    ]
    assert len(set(charges)) == 1
    altered = await lady.post("/app/orders", day.basket(苹果=3), key="five-fast-taps")
    assert altered.status_code in (409, 422)
    assert len(await day.list(lady, "/app/orders")) == 1


@pytest.mark.rule("ORD-3")
async def test_three_buyers_for_every_unit_buy_exactly_what_there_is(day: Day) -> None:
    crowd = await day.cast.members([f"邻居{number}" for number in range(12)], day.leaders[0])
    answers = await asyncio.gather(*[who.post("/app/orders", day.basket(鸡蛋=1)) for who in crowd])
    assert Counter(answer.status_code for answer in answers) == {200: 4, 409: 8}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"sold_out"}
    orders = await day.orders()
    assert sum(line["quantity"] for order in orders for line in order["lines"]) == 4
    eggs = next(card for card in await day.list(crowd[0], f"/app/cycles/{day.cycle['id']}/offers") if card["left"] == 0)
    assert eggs["id"] == day.offers["鸡蛋"]

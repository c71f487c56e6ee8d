"""Stories of a leader: 代下单, cash in hand, lists of the group, and what another leader must not see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from linli import ordering
from tests.ordering.village import CUT_OFF, GRACE, Village, problem
from tests.people_cast import done


@pytest.mark.rule("ORD-7")
async def test_a_leader_orders_for_a_neighbour_without_a_phone_and_the_receipt_names_who_pays(village: Village) -> None:
    body = village.basket((village.apples, 1), station_id=str(village.leader.station_id))
    body |= {"nickname": "陈奶奶", "place": "3栋201", "payer": "她女儿"}
    order = done(await village.leader.post("/leader/orders", body))
    assert (order["nickname"], order["place"], order["payer"]) == ("陈奶奶", "3栋201", "她女儿")
    assert (order["serial"], order["state"], order["payment"], order["by_leader"]) == (1, "placed", "offline", True)
    again = done(await village.leader.post("/leader/orders", body))
    assert again["member_id"] == order["member_id"]
    assert again["serial"] == 2


@pytest.mark.rule("PAY-1")
async def test_cash_that_the_leader_confirms_pays_the_order_once(village: Village) -> None:
    body = village.basket((village.apples, 1), station_id=str(village.leader.station_id), nickname="陈奶奶")
    order = done(await village.leader.post("/leader/orders", body))
    path = f"/leader/orders/{order['id']}/payment"
    refused = problem(await village.leader.post(path, {"amount_fen": 3_899, "way": "cash"}), 409, "amount_differs")
    assert refused["payable_fen"] == 3_900
    assert (await village.value(order["id"])).state == "placed"
    paid = done(await village.leader.post(path, {"amount_fen": 3_900, "way": "cash"}))
    assert (paid["state"], paid["serial"], paid["paid_fen"]) == ("paid", 1, 3_900)
    assert done(await village.leader.post(path, {"amount_fen": 3_900, "way": "cash"}))["state"] == "paid"
    await village.drain()
    assert (await village.value(order["id"])).state == "paid"
    assert await village.refunds(order["id"]) == []
    await village.in_balance()


async def test_cash_comes_too_late_after_the_grace(village: Village) -> None:
    body = village.basket((village.apples, 1), station_id=str(village.leader.station_id), nickname="陈奶奶")
    order = done(await village.leader.post("/leader/orders", body))
    village.clock.set(GRACE + timedelta(seconds=1))
    answer = await village.leader.post(f"/leader/orders/{order['id']}/payment", {"amount_fen": 3_900})
    problem(answer, 409, "order_not_payable")
    assert (await village.value(order["id"])).paid_fen == 0


async def test_a_leader_never_gets_another_leaders_orders_members_or_station(village: Village) -> None:
    other = await village.cast.leader("孙哥")
    order = await village.paid_order(village.lady, (village.apples, 1))
    before = await village.written()
    problem(await other.get(f"/leader/orders/{order['id']}"), 404, "order_not_found")
    payment = await other.post(f"/leader/orders/{order['id']}/payment", {"amount_fen": 3_900})
    problem(payment, 404, "order_not_found")
    problem(await other.post(f"/leader/orders/{order['id']}/cancellation", {}), 404, "order_not_found")
    assert done(await other.get(f"/leader/cycles/{village.cycle_id}/orders"))["items"] == []
    assert done(await other.get(f"/leader/cycles/{village.cycle_id}/products")) == []
    at_hers = village.basket((village.apples, 1), station_id=str(village.leader.station_id), nickname="某人")
    problem(await other.post("/leader/orders", at_hers), 404, "station_not_yours")
    hers = village.basket((village.apples, 1), station_id=str(other.station_id), member_id=str(village.lady.id))
    problem(await other.post("/leader/orders", hers), 404, "neighbour_elsewhere")
    problem(await village.uncle.get(f"/app/orders/{order['id']}"), 404, "order_not_found")
    problem(await village.uncle.post(f"/app/orders/{order['id']}/cancellation", {}), 404, "order_not_found")
    problem(await village.uncle.post("/app/charges", {"order_ids": [order["id"]]}), 404, "order_not_found")
    assert await village.written() == before


async def test_lists_of_the_leader_and_the_operator_show_the_group_without_pickup_codes(village: Village) -> None:
    first = await village.paid_order(village.lady, (village.apples, 2), (village.milk, 1))
    second = await village.order(village.uncle, (village.milk, 2))
    listed = done(await village.leader.get(f"/leader/cycles/{village.cycle_id}/orders"))
    assert [(row["id"], row["nickname"], row["state"]) for row in listed["items"]] == [
        (first["id"], "李阿姨", "paid"),
        (second["id"], "赵叔", "placed"),
    ]
    assert first["pickup_code"] not in str(listed)
    products = done(await village.leader.get(f"/leader/cycles/{village.cycle_id}/products"))
    assert [(row["name"], row["quantity"], row["amount_fen"]) for row in products] == [
        ("红富士苹果", 2, 7_800),
        ("鲜牛奶", 1, 1_250),
    ]
    operator = await village.cast.operator()
    page = done(await operator.get(f"/console/cycles/{village.cycle_id}/orders?limit=1"))
    rest = done(await operator.get(f"/console/cycles/{village.cycle_id}/orders?limit=1&after={page['next']}"))
    assert [row["id"] for row in (*page["items"], *rest["items"])] == [first["id"], second["id"]]
    assert done(await operator.get(f"/console/orders/{first['id']}"))["nickname"] == "李阿姨"


@pytest.mark.rule("ORD-2")
async def test_placing_takes_at_most_sixteen_statements_however_many_lines(village: Village) -> None:
    await village.order(village.uncle, (village.milk, 1))  # his session is known now, as it is for half a minute
    for lines in ([(village.milk, 1)], [(offer, 1) for offer in village.offers]):
        with Counted(village) as counted:
            await village.order(village.uncle, *lines)
        assert counted.number <= 16, [each[:90] for each in counted.statements]


async def test_a_page_of_orders_takes_as_many_statements_for_one_order_as_for_many(village: Village) -> None:
    paths = (
        (village.lady, "/app/orders"),
        (village.leader, f"/leader/cycles/{village.cycle_id}/orders"),
        (await village.cast.operator(), f"/console/cycles/{village.cycle_id}/orders"),
    )
    await village.order(village.lady, (village.apples, 1))
    for who, path in paths:
        done(await who.get(path))  # their sessions are known now
    few = [await statements(village, who, path) for who, path in paths]
    for _ in range(6):
        await village.order(village.lady, (village.apples, 1), (village.offers[2], 2))
    assert [await statements(village, who, path) for who, path in paths] == few
    assert max(few) <= 5


async def statements(village: Village, who: object, path: str) -> int:
    """Return how many statements a read takes."""
    with Counted(village) as counted:
        done(await who.get(path))  # type: ignore[attr-defined]
    return counted.number


class Counted:
    """Counts the statements that the installation's database runs meanwhile."""

    def __init__(self, village: Village) -> None:
        self.engine = village.installation.db.engine.sync_engine
        self.statements: list[str] = []

    @property
    def number(self) -> int:
        """How many there were."""
        return len(self.statements)

    def __enter__(self) -> Counted:
        event.listen(self.engine, "before_cursor_execute", self._see)
        return self

    def __exit__(self, *why: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._see)

    def _see(self, connection: object, cursor: object, statement: str, *rest: object) -> None:
        self.statements.append(statement)


async def test_the_account_finds_its_orders_of_every_region(village: Village) -> None:
    order = await village.order(village.lady, (village.apples, 1))
    await village.drain()
    known = done(await village.lady.get("/app/account/orders"))
    assert [(row["order_id"], row["home_region"]) for row in known["items"]] == [(order["id"], village.cast.region_id)]


async def test_orders_move_on_together_station_by_station(village: Village) -> None:
    one = await village.paid_order(village.lady, (village.apples, 1))
    two = await village.paid_order(village.uncle, (village.apples, 1))
    village.clock.set(CUT_OFF + timedelta(minutes=6))

    async def move(verb: str, **where: object) -> int:
        return await village.do(
            lambda tx: ordering.advance_orders(tx, cycle_id=village.cycle_id, verb=verb, **where)  # type: ignore[arg-type]
        )

    assert await move("buy") == 0
    assert [await move(verb) for verb in ("confirm", "buy", "sort")] == [2, 2, 2]
    assert await move("depart", station_id=1) == 0
    assert await move("depart", order_ids=[int(one["id"])]) == 1
    assert await move("arrive") == 1
    assert (await village.value(one["id"])).state == "at_station"
    assert (await village.value(two["id"])).state == "sorted"
    steps = (await village.seen(village.lady, one["id"]))["timeline"]
    names = ["placed", "paid", "confirmed", "bought", "sorted", "on_the_way", "at_station"]
    assert [step["state"] for step in steps] == names

"""What the busiest requests of the day may ask of the database."""

from __future__ import annotations

from tests.ordering.test_leader import Counted
from tests.ordering.village import Village
from tests.people_cast import done

CHARGE, CASH = 9, 27


async def test_opening_a_charge_takes_few_statements(village: Village) -> None:
    order, again = [await village.order(village.lady, (village.apples, 1), (village.milk, 1)) for _ in range(2)]
    done(await village.lady.post("/app/charges", {"order_ids": [again["id"]]}))
    with Counted(village) as counted:
        done(await village.lady.post("/app/charges", {"order_ids": [order["id"]]}))
    assert counted.number <= CHARGE, counted.statements


async def test_confirming_cash_takes_few_statements(village: Village) -> None:
    orders = [await village.order(village.uncle, (village.apples, 1), (village.milk, 1)) for _ in range(2)]
    paid = {"amount_fen": orders[0]["payable_fen"], "way": "cash"}
    done(await village.leader.post(f"/leader/orders/{orders[0]['id']}/payment", paid))
    with Counted(village) as counted:
        done(await village.leader.post(f"/leader/orders/{orders[1]['id']}/payment", paid))
    assert counted.number <= CASH, counted.statements

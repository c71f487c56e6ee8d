"""Bad input to ordering: refused with a stable code, and nothing is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from linli import sale
from tests.ordering.village import CUT_OFF, Village, problem
from tests.people_cast import Cast

NOBODY = str((1 << 62) + 7)


async def test_orders_that_make_no_sense_are_refused_and_nothing_is_written(village: Village) -> None:
    before = await village.written()
    apples, milk = village.apples, village.milk
    good = village.basket((apples, 1))
    cases: list[tuple[dict[str, Any], int, str]] = [
        (village.basket((int(NOBODY), 1), expect=0), 404, "no_such_offer"),
        (village.basket((apples, 1), (1, 1)), 404, "no_such_offer"),
        (good | {"cycle_id": NOBODY}, 404, "no_such_cycle"),
        (good | {"station_id": NOBODY}, 404, "no_such_station"),
        (village.basket((apples, 0), expect=0), 422, "invalid_request"),
        (village.basket((apples, -3), expect=0), 422, "invalid_request"),
        (village.basket((apples, 10**6), expect=0), 422, "invalid_request"),
        (village.basket((apples, 9_999), (apples, 9_999)), 422, "quantity_refused"),
        (village.basket((apples, 21)), 409, "sold_out"),
        (village.basket((milk, 6)), 409, "limit_exceeded"),
        (village.basket((milk, 3), (milk, 3)), 409, "limit_exceeded"),
        (village.basket((apples, 1), expect=1), 409, "price_changed"),
        (good | {"lines": []}, 422, "invalid_request"),
        (good | {"lines": "apples"}, 422, "invalid_request"),
        (good | {"lines": [{"offer_id": str(apples), "quantity": "1"}]}, 422, "invalid_request"),
        (good | {"lines": [{"offer_id": str(apples), "quantity": 1.5}]}, 422, "invalid_request"),
        (good | {"lines": [{"offer_id": "-1", "quantity": 1}]}, 422, "bad_id"),
        (good | {"lines": [{"offer_id": "9" * 30, "quantity": 1}]}, 422, "bad_id"),
        (good | {"lines": [{"offer_id": str(apples), "quantity": 1}] * 101}, 422, "invalid_request"),
        (good | {"expect_payable_fen": -1}, 422, "invalid_request"),
        (good | {"expect_payable_fen": None}, 422, "invalid_request"),
        (good | {"note": "x" * 501}, 422, "invalid_request"),
        (good | {"note": "a\x00b"}, 422, "invalid_request"),
        (good | {"payment": "credit"}, 422, "invalid_request"),
        (good | {"member_id": str(village.uncle.id)}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ]
    for body, status, code in cases:
        problem(await village.lady.post("/app/orders", body), status, code)
    assert await village.written() == before


async def test_bytes_that_are_no_json_or_no_text_are_refused(village: Village) -> None:
    before = await village.written()
    for raw in (b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"cycle_id": "\xff"}', b"9" * 5_000, b"[" * 5_000):
        headers = {"Content-Type": "application/json"}
        for who, path in ((village.lady, "/app/orders"), (village.leader, "/leader/chains")):
            answer = await who.call("POST", path, content=raw, headers=headers)
            assert 400 <= answer.status_code < 500, (path, raw[:20], answer.text)
            assert answer.json()["code"] in ("invalid_request", "bad_request")
    assert await village.written() == before


async def test_nothing_is_ordered_before_the_opening_or_from_the_cut_off_on(village: Village) -> None:
    before = await village.written()
    body = village.basket((village.apples, 1))
    for at in (CUT_OFF - timedelta(hours=10), CUT_OFF, CUT_OFF + timedelta(days=2)):
        village.clock.set(at)
        problem(await village.lady.post("/app/orders", body), 409, "cycle_not_open")
    village.clock.set(CUT_OFF - timedelta(hours=1))
    await village.do(lambda tx: sale.close_now(tx, cycle_id=village.cycle_id, reason="卖完了"))
    problem(await village.lady.post("/app/orders", body), 409, "cycle_not_open")
    quote = {"cycle_id": body["cycle_id"], "lines": body["lines"]}
    problem(await village.lady.post("/app/quotes", quote), 409, "cycle_not_open")
    assert await village.written() == before


async def test_charges_that_make_no_sense_are_refused(village: Village) -> None:
    order = await village.order(village.lady, (village.apples, 1))
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"order_ids": []}, 422, "invalid_request"),
        ({"order_ids": [NOBODY]}, 404, "order_not_found"),
        ({"order_ids": [order["id"], NOBODY]}, 404, "order_not_found"),
        ({"order_ids": [order["id"]], "channel": "moon"}, 422, "unknown_channel"),
        ({"order_ids": [order["id"]] * 21}, 422, "invalid_request"),
        ({"order_ids": order["id"]}, 422, "invalid_request"),
    ]
    for body, status, code in cases:
        problem(await village.lady.post("/app/charges", body), status, code)
    assert (await village.value(order["id"])).charge_id is None
    village.clock.set(village.clock.now() + timedelta(minutes=30))
    refused = problem(await village.lady.post("/app/charges", {"order_ids": [order["id"]]}), 409, "order_not_payable")
    assert refused["state"] == "placed"


async def test_another_regions_goods_stations_and_orders_do_not_exist_here(village: Village) -> None:
    from linli import people

    number = village.cast.region_id + 50_000
    await village.do(lambda tx: people.add_region(tx, region_id=number, name=f"别的区{number}"), 0)
    far = Cast(village.cast.client, village.cast.installation, number)
    stranger = await far.member("外地人", await far.leader("外地团长"))
    order = await village.order(village.lady, (village.apples, 1))
    before = await village.written()
    problem(await stranger.post("/app/orders", village.basket((village.apples, 1))), 404, "no_such_cycle")
    problem(await stranger.get(f"/app/orders/{order['id']}"), 404, "order_not_found")
    problem(await stranger.post("/app/charges", {"order_ids": [order["id"]]}), 404, "order_not_found")
    at_theirs = village.basket((village.apples, 1), station_id=str(stranger.station_id))
    problem(await village.lady.post("/app/orders", at_theirs), 404, "no_such_station")
    assert await village.written() == before


@pytest.mark.parametrize("path", ["/app/orders/abc", "/app/orders/99999999999999999999", "/app/orders/-1"])
async def test_ids_that_are_none_are_refused(village: Village, path: str) -> None:
    problem(await village.lady.get(path), 422, "bad_id")

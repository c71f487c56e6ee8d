"""What finance finds in the morning: the provider's bill beside our books, each difference once, fees booked."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import money
from linli.kernel.machine import WrongState
from linli.money.channels.bills import read_bill
from linli.money.channels.interface import BillBroken, LineKind
from linli.money.reconciliation import commands, queries
from linli.money.reconciliation.model import DifferenceState
from linli.money.reconciliation.rules import expected_fee, newest_day
from linli.money.refund.model import RefundState
from linli.platform import settings
from linli.platform.clock import SteeredClock
from linli.platform.installation import Installation
from tests.conftest import MORNING
from tests.fakes.bills import alipay_file, alipay_line, wechat_file, wechat_line

from .channels.counter import Counter, counter_of

pytestmark = pytest.mark.rule("PAY-7")
MONDAY = date(2026, 11, 23)


@pytest.fixture(params=["wechat", "alipay"])
async def counter(
    request: pytest.FixtureRequest,
    installation: Installation,
    region_id: int,
    clock: SteeredClock,
    client: httpx2.AsyncClient,
) -> AsyncIterator[Counter]:
    async with counter_of(request.param, installation, region_id, clock, client) as opened:
        yield opened


async def next_morning(counter: Counter) -> None:
    """The bill of Monday is written, fetched by the job of head office, and compared by the region's clock."""
    counter.clock.set(MORNING + timedelta(days=1, hours=3))
    await fetched(counter)


async def fetched(counter: Counter) -> None:
    db, runner = counter.installation.db, counter.installation.runner

    async def again(tx: Any) -> None:
        await commands.fetch_again(tx, channel=counter.desk.name, day=MONDAY)

    await db.run(again, 0, by="test")
    await runner.drain(regions=[0])
    await counter.do(money.compare_bills)


async def listed(counter: Counter, state: str = "open") -> list[tuple[str, str, int | None, int | None]]:
    rows = await counter.do(queries.differences, state=DifferenceState(state), cause=None, after=0, limit=200)
    return [(row.cause, row.number, row.ours_fen, row.theirs_fen) for row in rows]


async def test_a_day_that_agrees_has_no_differences_and_its_fees_are_booked(counter: Counter) -> None:
    charges = [await counter.paid_charge(fen) for fen in (2990, 1000, 805)]
    await counter.refund(charges[0], 990, 1)
    await counter.work()
    await counter.deliver()
    await counter.work()
    assert [each.state for each in await counter.refunds(charges[0])] == [RefundState.DONE]
    await next_morning(counter)
    assert await listed(counter) == []
    fees = 18 + 6 + 5 - 6  # 0.6 % half up of each payment, and what comes back of the refund's
    assert await counter.balance("fees") == fees
    assert await counter.balance(f"cash_{counter.desk.name}") == 2990 + 1000 + 805 - 990 - fees


async def test_the_same_bill_again_changes_nothing(counter: Counter) -> None:
    charge = await counter.paid_charge()
    counter.desk.provider.rate_bp = 100
    await next_morning(counter)
    first, fees = await listed(counter), await counter.balance("fees")
    assert (first, fees) == ([("fee", str(charge.attempt_id), 18, 30)], 30)
    for _ in range(2):
        await fetched(counter)
        await counter.do(commands.compare, channel=counter.desk.name, day=MONDAY)
    assert (await listed(counter), await counter.balance("fees")) == (first, fees)


async def test_a_payment_whose_notice_never_came_is_made_good_by_the_bill(counter: Counter) -> None:
    charge = await counter.charge()
    assert await counter.pay(charge)
    await counter.desk.messages()  # into the void, and nobody asks
    await next_morning(counter)
    paid = await counter.look(charge.id)
    assert (paid.state, paid.paid_fen) == (money.ChargeState.PAID, 2990)
    assert len(await counter.facts(money.ChargePaid)) == 1
    assert await listed(counter) == []
    assert [cause for cause, *_ in await listed(counter, "settled")] == ["state"]


async def test_every_cause_becomes_one_work_item(counter: Counter) -> None:
    right, short, gone = [await counter.paid_charge(fen) for fen in (1000, 2000, 3000)]
    provider = counter.desk.provider
    trades = provider.trades
    trades[str(short.attempt_id)].paid_fen = 1999
    trades["999"] = trades.pop(str(gone.attempt_id))  # a number of nobody, and ours is not in the bill
    await next_morning(counter)
    found = {(cause, number): (ours, theirs) for cause, number, ours, theirs in await listed(counter)}
    assert found == {
        ("amount", str(short.attempt_id)): (2000, 1999),
        ("missing_there", str(gone.attempt_id)): (3000, None),
    }
    headers = counter.sign_in("ledger.read", region_id=0)
    unplaced = await counter.client.get(
        "/console/reconciliation?unplaced=true", headers={**headers, "Linli-Region": "1"}
    )
    assert [(item["cause"], item["number"], item["theirs_fen"]) for item in unplaced.json()["items"]][-1] == (
        "missing_here", "999", 3000,
    )  # fmt: skip
    assert (await counter.look(right.id)).paid_fen == 1000


async def test_what_a_later_bill_names_settles_itself(counter: Counter) -> None:
    charge = await counter.paid_charge()
    provider = counter.desk.provider
    provider.bills[MONDAY.isoformat()] = (
        wechat_file([]) if counter.desk.name == "wechat" else alipay_file([], "2026-11-23")
    )
    await next_morning(counter)
    assert [cause for cause, *_ in await listed(counter)] == ["missing_there"]
    del provider.bills[MONDAY.isoformat()]
    await fetched(counter)
    assert await listed(counter) == []
    assert await listed(counter, "settled") == [("missing_there", str(charge.attempt_id), 2990, None)]


async def test_finance_explains_and_settles_a_difference(counter: Counter) -> None:
    await counter.paid_charge()
    counter.desk.provider.rate_bp = 38
    await next_morning(counter)
    headers = counter.sign_in("ledger.read", "refund.manage")
    [item] = (await counter.client.get("/console/reconciliation", headers=headers)).json()["items"]
    path = f"/console/reconciliation/{item['id']}"
    explained = await counter.client.post(
        f"{path}/explanation", json={"note": "新费率"}, headers=counter.sign_in("refund.manage")
    )
    assert (explained.status_code, explained.json()["state"]) == (200, "explained")
    settled = await counter.client.post(
        f"{path}/settlement", json={"note": "合同已改"}, headers=counter.sign_in("refund.manage")
    )
    assert (settled.json()["state"], settled.json()["note"]) == ("settled", "合同已改")
    with pytest.raises(WrongState):
        await counter.do(commands.explain, difference_id=int(item["id"]), note="too late")
    unknown = await counter.client.post(
        "/console/reconciliation/12/settlement", json={"note": "x"}, headers=counter.sign_in("refund.manage")
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_difference")


async def test_the_clock_wants_each_bill_once_and_only_of_named_channels(counter: Counter) -> None:
    db = counter.installation.db
    counter.clock.set(MORNING + timedelta(days=30, hours=3))

    async def want(tx: Any) -> int:
        return await money.want_bills(tx)

    assert await db.run(want, 0, by="test") == 0
    name = counter.desk.name
    await db.run(
        lambda tx: settings.change(
            tx, name="money.bill_channels", value=[name], valid_from=tx.now, reason="configured"
        ), 0, by="test",
    )  # fmt: skip
    assert [await db.run(want, 0, by="test") for _ in range(3)] == [1, 0, 0]
    await db.run(
        lambda tx: settings.change(tx, name="money.bill_channels", value=[], valid_from=tx.now, reason="done"),
        0,
        by="test",
    )


# ---- reading


def test_a_wechat_bill_is_read_with_its_ticks_and_without_its_totals() -> None:
    refund = {"refund_id": "5030", "out_refund_no": "200001", "status": "PROCESSING"}
    packed = wechat_file(
        [
            wechat_line(MORNING, "4200", "100001", 2990, 18, 60),
            wechat_line(MORNING, "4200", "100001", 990, -6, 60, refund=refund),
        ]
    )
    for given_bytes in (packed, gzip.decompress(packed)):
        payment, back = read_bill("wechat", given_bytes)
        assert (payment.kind, payment.number, payment.amount_fen, payment.fee_fen) == (
            LineKind.PAYMENT, "100001", 2990, 18,
        )  # fmt: skip
        assert (back.kind, back.number, back.amount_fen, back.fee_fen, back.state, back.of) == (
            LineKind.REFUND, "200001", 990, -6, "PROCESSING", "100001",
        )  # fmt: skip
        assert payment.happened_at == MORNING


def test_an_alipay_bill_is_read_from_its_zip_and_its_gbk() -> None:
    lines = [
        alipay_line(MORNING, "2026", "100001", 2990, 18),
        alipay_line(MORNING, "2026", "100001", 990, 6, request="200001", kind="退款"),
    ]
    payment, back = read_bill("alipay", alipay_file(lines, "2026-11-23"))
    assert (payment.number, payment.amount_fen, payment.fee_fen) == ("100001", 2990, 18)
    assert (back.kind, back.number, back.amount_fen, back.fee_fen) == (LineKind.REFUND, "200001", 990, -6)


@pytest.mark.parametrize("channel", ["wechat", "alipay"])
def test_a_bill_that_was_cut_short_or_is_none_is_refused(channel: str) -> None:
    line = wechat_line(MORNING, "4200", "100001", 2990, 18, 60)
    whole = (
        wechat_file([line] * 50)
        if channel == "wechat"
        else alipay_file([alipay_line(MORNING, "1", "2", 3, 0)] * 50, "")
    )
    text = gzip.compress(gzip.decompress(wechat_file([line] * 50))[:-400]) if channel == "wechat" else b"PK\x03\x04"
    for broken in (whole[: len(whole) // 2], text, b"<html>busy</html>", b"\xff\xfe" * 40):
        with pytest.raises(BillBroken):
            list(read_bill(channel, broken))
    assert list(read_bill(channel, b"")) == []


@given(fen=st.integers(0, 10**9), rate=st.integers(0, 1_000))
def test_a_fee_is_never_more_than_half_a_fen_off(fen: int, rate: int) -> None:
    assert abs(expected_fee(fen, rate) * 10_000 - fen * rate) <= 5_000


def test_a_bill_is_written_at_half_past_ten_of_the_next_day() -> None:
    assert newest_day(MORNING + timedelta(hours=2, minutes=29)) == date(2026, 11, 21)
    assert newest_day(MORNING + timedelta(hours=2, minutes=30)) == date(2026, 11, 22)

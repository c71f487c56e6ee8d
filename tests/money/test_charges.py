"""What happens to people who pay: once, in time or too late, with the wrong amount, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli import money
from linli.kernel.machine import WrongState
from linli.money.channels.interface import ChannelRefused
from linli.money.charge.commands import (
    ChargeExpired,
    ChargeNotOpen,
    ConfirmedByProvider,
    NoSuchCharge,
    SharesDoNotFit,
    UnknownChannel,
    WrongAmountConfirmed,
)
from linli.money.charge.rules import poll_after, shares_fit
from linli.money.notice.model import Verdict
from linli.platform.telemetry import registry

from .conftest import DAY, Till

MINUTE = timedelta(minutes=1)


def _counted(name: str, **labels: str) -> float:
    return registry.get_sample_value(name, labels) or 0.0


@pytest.mark.rule("PAY-3")
async def test_a_member_pays_and_the_order_learns_it_once(till: Till) -> None:
    charge = await till.paid_charge(1990, 1000)
    facts = await till.facts(money.ChargePaid)
    assert len(facts) == 1
    assert facts[0].orders == {str(id): fen for id, fen in charge.orders.items()}
    assert facts[0].late is False
    await till.books()
    assert await till.balance("cash_sandbox") == 2990
    assert await till.balance("member_prepayment") == 2990


@pytest.mark.rule("PAY-3")
async def test_notices_that_come_double_late_and_out_of_order_pay_once(till: Till, faults: Callable[..., None]) -> None:
    faults(double=10_000, late=5_000, out_of_order=5_000)
    charges = [await till.charge(1000 + n) for n in range(6)]
    for charge in charges:
        assert await till.pay(charge) == 200
    for _ in range(30):
        till.wait(timedelta(minutes=10))
        await till.provider.deliver_due()
    assert len(till.delivered) >= 12
    assert [(await till.look(charge.id)).state for charge in charges] == [money.ChargeState.PAID] * 6
    assert len(await till.facts(money.ChargePaid)) == 6
    await till.books()
    assert await till.balance("cash_sandbox") == sum(charge.amount_fen for charge in charges)


@pytest.mark.rule("PAY-3")
async def test_twenty_copies_of_a_notice_at_once_pay_once(till: Till) -> None:
    charge = await till.charge(2990)
    await till.pay(charge)
    await till.provider.deliver_due()
    assert till.delivered
    other = await till.charge(500)
    await till.pay(other)
    held: list[int] = []
    first = till.delivered[0]
    held = await asyncio.gather(*(till.redeliver(first) for _ in range(20)))
    assert held == [200] * 20
    assert len(await till.facts(money.ChargePaid)) == 1
    await till.provider.deliver_due()
    fresh = till.delivered[-1]
    await asyncio.gather(*(till.redeliver(fresh) for _ in range(20)))
    assert len(await till.facts(money.ChargePaid)) == 2
    await till.books()
    assert await till.balance("cash_sandbox") == 3490


@pytest.mark.rule("PAY-3")
async def test_twenty_answers_racing_for_one_charge_take_it_once(till: Till) -> None:
    charge = await till.charge(2990)
    said = money.Answer(money.Word.PAID, "sandbox", str(charge.attempt_id), 2990, "P1", till.clock.now(), "poll")
    verdicts = await asyncio.gather(*(till.do(money.record_answer, answer=said) for _ in range(20)))
    assert sorted(verdicts) == [Verdict.REPEATED] * 19 + [Verdict.TAKEN]
    assert len(await till.facts(money.ChargePaid)) == 1
    await till.books()
    assert await till.balance("cash_sandbox") == 2990


@pytest.mark.rule("PAY-3")
async def test_a_payer_who_pays_one_fen_gets_nothing_and_somebody_looks_at_it(till: Till) -> None:
    before = _counted("linli_payment_answers_total", channel="sandbox", verdict="wrong_amount")
    charge = await till.charge(2990)
    assert await till.pay(charge, amount_fen=1) == 200
    await till.provider.deliver_due()
    assert (await till.look(charge.id)).state == money.ChargeState.PAYABLE
    assert await till.facts(money.ChargePaid) == []
    assert _counted("linli_payment_answers_total", channel="sandbox", verdict="wrong_amount") == before + 1
    seen = await till.client.get("/console/notices", headers=till.sign_in("payment.confirm"))
    assert seen.status_code == 200, seen.text
    (notice,) = seen.json()["items"]
    assert (notice["verdict"], notice["told"]["amount_fen"]) == ("wrong_amount", 1)
    assert notice["told"]["number"] == str(charge.attempt_id)
    await till.books()
    assert await till.balance("cash_sandbox") == 0


@pytest.mark.rule("PAY-3")
async def test_a_notice_that_lies_about_the_amount_is_put_aside_and_the_poll_finds_the_truth(
    till: Till, faults: Callable[..., None]
) -> None:
    charge = await till.charge(2990)
    faults(wrong_amount=10_000)
    await till.pay(charge)
    await till.provider.deliver_due()
    assert (await till.look(charge.id)).state == money.ChargeState.PAYABLE
    till.wait(2 * MINUTE)
    assert await till.do(money.poll_unanswered) == 1
    await till.work()
    assert (await till.look(charge.id)).state == money.ChargeState.PAID
    await till.books()


@pytest.mark.rule("PAY-3")
async def test_a_wrong_amount_found_by_polling_is_put_aside_once(till: Till) -> None:
    charge = await till.charge(2990)
    await till.pay(charge, amount_fen=1)  # and the notice is never delivered
    for _ in range(3):
        till.wait(timedelta(hours=2))
        await till.do(money.poll_unanswered)
        await till.work()
    assert (await till.look(charge.id)).paid_fen == 0
    seen = await till.client.get("/console/notices?verdict=wrong_amount", headers=till.sign_in("payment.confirm"))
    assert [each["channel"] for each in seen.json()["items"]] == ["sandbox"]


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize("what", ["signature", "serial", "stale", "body", "truncated", "no headers"])
async def test_a_forged_notice_is_refused_and_changes_nothing(till: Till, what: str) -> None:
    charge = await till.charge(2990)
    await till.pay(charge)
    ring = till.keys.for_provider()
    kept = till.provider._store.due_notices(till.clock.now(), 1)[0]
    headers, body = ring.signer.headers(kept.body, at=till.clock.now()), kept.body
    if what == "signature":
        headers = money.SandboxKeys.from_seed("thief").for_provider().signer.headers(body, at=till.clock.now())
        headers["sandbox-serial"] = ring.signer.headers(body, at=till.clock.now())["sandbox-serial"]
    elif what == "serial":
        headers = money.SandboxKeys.from_seed("thief").for_provider().signer.headers(body, at=till.clock.now())
    elif what == "stale":
        headers = ring.signer.headers(body, at=till.clock.now() - 6 * MINUTE)
    elif what == "body":
        body = body.replace(b"paid", b"Paid")
    elif what == "truncated":
        body = body[:-1]
    else:
        headers = {}
    answer = await till.client.post("/hooks/payments/sandbox", content=body, headers=headers)
    assert answer.status_code == 401, answer.text
    assert answer.json()["code"] == "forged_notice"
    assert (await till.look(charge.id)).paid_fen == 0
    seen = await till.client.get("/console/notices", headers=till.sign_in("payment.confirm"))
    assert seen.json()["items"] == []


@pytest.mark.rule("PAY-3")
async def test_a_huge_notice_and_an_unknown_channel_are_refused(till: Till) -> None:
    before = _counted("linli_payment_forgeries_total", channel="any", reason="too_large")
    huge = await till.client.post("/hooks/payments/sandbox", content=b"x" * (64 * 1024 + 1))
    assert (huge.status_code, huge.json()["code"]) == (413, "notice_too_large")
    assert _counted("linli_payment_forgeries_total", channel="any", reason="too_large") == before + 1
    nobody = await till.client.post("/hooks/payments/paypal", content=b"{}")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "no_such_channel")
    offline = await till.client.post("/hooks/payments/offline", content=b"{}")
    assert offline.status_code == 401


@pytest.mark.rule("PAY-3")
async def test_a_notice_for_another_merchant_is_refused_and_kept_for_head_office(till: Till) -> None:
    import msgspec

    charge = await till.charge(2990)
    await till.pay(charge)
    kept = till.provider._store.due_notices(till.clock.now(), 1)[0]
    body = msgspec.json.encode(msgspec.json.decode(kept.body) | {"merchant": f"another-{till.region_id}"})
    headers = till.keys.for_provider().signer.headers(body, at=till.clock.now())
    answer = await till.client.post("/hooks/payments/sandbox", content=body, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (401, "merchant")
    assert (await till.look(charge.id)).paid_fen == 0

    from linli.money.notice.queries import notices

    async with till.installation.db.transaction(0, by="test") as tx:
        found = await notices(tx, verdicts=[Verdict.WRONG_MERCHANT], after=0, limit=200)
    assert [row.body for row in found if row.body == body] == [body]


@pytest.mark.rule("PAY-3")
async def test_an_answer_for_a_number_nobody_made_is_put_aside(till: Till) -> None:
    for number in (str(till.order()), "12x", "-1", "9" * 30, f"{till.order()}-2"):
        for word in money.Word:
            said = money.Answer(word, "sandbox", number, 1, "P", till.clock.now(), "bill")
            assert await till.do(money.record_answer, answer=said) == Verdict.UNKNOWN_NUMBER
    seen = await till.client.get("/console/notices?verdict=unknown_number", headers=till.sign_in("payment.confirm"))
    assert len(seen.json()["items"]) == 5 * len(money.Word)


@pytest.mark.rule("PAY-3")
async def test_an_answer_in_another_currency_or_from_another_channel_is_put_aside(till: Till) -> None:
    charge = await till.charge(2990)
    number, now = str(charge.attempt_id), till.clock.now()
    dollars = money.Answer(money.Word.PAID, "sandbox", number, 2990, "P", now, "bill", "USD")
    assert await till.do(money.record_answer, answer=dollars) == Verdict.WRONG_CURRENCY
    stranger = money.Answer(money.Word.PAID, "offline", number, 2990, "P", now, "bill")
    assert await till.do(money.record_answer, answer=stranger) == Verdict.WRONG_CHANNEL
    assert (await till.look(charge.id)).paid_fen == 0


@pytest.mark.rule("PAY-4")
async def test_money_that_comes_after_the_close_is_taken_as_late(till: Till) -> None:
    charge = await till.charge(2990)
    assert await till.pay(charge) == 200  # a moment before the close, and the notice is on its way
    assert await till.do(money.close_charge, charge_id=charge.id, reason="cancelled") is True
    assert await till.do(money.close_charge, charge_id=charge.id, reason="cancelled") is False
    assert [fact.reason for fact in await till.facts(money.ChargeClosed)] == ["cancelled"]
    await till.work()  # the job that closes at the channel hears that the money came first
    paid = await till.look(charge.id)
    assert (paid.state, paid.late, paid.paid_fen) == (money.ChargeState.PAID, True, 2990)
    await till.provider.deliver_due()
    assert [fact.late for fact in await till.facts(money.ChargePaid)] == [True]
    await till.books()
    with pytest.raises(WrongState):
        await till.do(money.close_charge, charge_id=charge.id, reason="again")


@pytest.mark.rule("PAY-4")
async def test_a_closed_charge_cannot_be_paid_at_the_provider(till: Till) -> None:
    charge = await till.charge(2990)
    await till.do(money.close_charge, charge_id=charge.id, reason="cancelled")
    await till.work()
    assert await till.pay(charge) == 409
    assert (await till.look(charge.id)).state == money.ChargeState.CLOSED


@pytest.mark.rule("PAY-3")
async def test_a_lost_notice_is_found_by_asking(till: Till) -> None:
    charge = await till.charge(2990)
    await till.pay(charge)
    assert await till.do(money.poll_unanswered) == 0  # not yet
    till.wait(MINUTE)
    asked = await asyncio.gather(till.do(money.poll_unanswered), till.do(money.poll_unanswered))
    assert sorted(asked) == [0, 1]  # two workers ask once
    await till.work()
    assert (await till.look(charge.id)).state == money.ChargeState.PAID
    await till.provider.deliver_due()  # and then the notice comes nevertheless
    assert len(await till.facts(money.ChargePaid)) == 1


async def test_a_charge_nobody_pays_expires_and_says_so(till: Till) -> None:
    charge = await till.charge(2990)
    for _ in range(8):
        till.wait(timedelta(minutes=10))
        await till.do(money.poll_unanswered)
        await till.work()
    assert (await till.look(charge.id)).state == money.ChargeState.CLOSED
    assert [fact.reason for fact in await till.facts(money.ChargeClosed)] == ["expired"]
    with pytest.raises(ChargeNotOpen):
        await till.do(money.retry_charge, charge_id=charge.id)


@pytest.mark.rule("PAY-2")
async def test_a_retry_uses_a_new_number_only_after_the_old_one_is_closed(till: Till) -> None:
    charge = await till.charge(2990)
    waiting = await till.do(money.retry_charge, charge_id=charge.id)
    assert waiting.attempt_id == charge.attempt_id
    await till.do(money.retry_charge, charge_id=charge.id)  # a second click
    await till.work()
    again = await till.look(charge.id)
    assert again.attempt_id != charge.attempt_id
    assert again.pay_url not in (None, charge.pay_url)
    assert await till.pay(charge) == 409  # the old page
    assert await till.pay(again) == 200
    await till.provider.deliver_due()
    assert (await till.look(charge.id)).state == money.ChargeState.PAID
    await till.books()
    assert await till.balance("cash_sandbox") == 2990


@pytest.mark.rule("PAY-2")
async def test_who_pays_the_old_page_while_retrying_pays_once(till: Till) -> None:
    charge = await till.charge(2990)
    assert await till.pay(charge) == 200
    await till.do(money.retry_charge, charge_id=charge.id)
    await till.work()
    paid = await till.look(charge.id)
    assert (paid.state, paid.attempt_id) == (money.ChargeState.PAID, charge.attempt_id)
    await till.provider.deliver_due()
    assert len(await till.facts(money.ChargePaid)) == 1
    assert (await till.do(money.retry_charge, charge_id=charge.id)).state == money.ChargeState.PAID


@pytest.mark.rule("PAY-2")
async def test_an_unclear_answer_keeps_the_number(till: Till, faults: Callable[..., None]) -> None:
    faults(lost_answer=10_000)
    charge = await till.charge(2990)
    assert charge.state == money.ChargeState.OPENING
    await till.do(money.retry_charge, charge_id=charge.id)
    faults()
    till.wait(timedelta(seconds=10))
    await till.work()
    opened = await till.look(charge.id)
    assert (opened.state, opened.attempt_id) == (money.ChargeState.PAYABLE, charge.attempt_id)
    assert await till.pay(opened) == 200


@pytest.mark.rule("PAY-2")
async def test_a_charge_closed_while_its_opening_is_unclear_is_closed_at_the_provider_too(
    till: Till, faults: Callable[..., None]
) -> None:
    faults(lost_answer=10_000)
    charge = await till.charge(2990)
    await till.do(money.close_charge, charge_id=charge.id, reason="cancelled")
    await till.work()
    faults()
    till.wait(timedelta(hours=2))
    await till.work()
    told = await till.installation.channels["sandbox"].query_charge(str(charge.attempt_id))
    assert told.state == "closed"
    assert (await till.look(charge.id)).state == money.ChargeState.CLOSED


@pytest.mark.rule("PAY-2")
async def test_a_charge_opened_at_the_provider_after_it_was_closed_here_is_closed_there_again(till: Till) -> None:
    """The race: the job has asked the provider to open, and before it can write that, the order is cancelled."""
    from linli.money.channels.interface import ChargeRequest
    from linli.money.charge.commands import offer

    opened = await till.do(
        money.open_charge, amount_fen=100, orders={till.order(): 100}, member_id=7, channel="sandbox",
        description="x", expires_at=till.clock.now() + 30 * MINUTE, day=DAY,
    )  # fmt: skip
    await till.do(money.close_charge, charge_id=opened.id, reason="cancelled")
    await till.work()  # closed here; unknown there
    channel = till.installation.channels["sandbox"]
    number, url = str(opened.attempt_id), "http://linli.test/hooks/payments/sandbox"
    await channel.open_charge(ChargeRequest(number, 100, "x", opened.expires_at, url))
    await till.do(offer, attempt_id=opened.attempt_id, pay_url="http://pay.test/late")
    await till.work()
    assert (await channel.query_charge(number)).state == "closed"
    assert (await till.look(opened.id)).pay_url is None


async def test_a_charge_the_provider_refuses_for_good_is_closed(till: Till) -> None:
    opened = await till.do(
        money.open_charge, amount_fen=100, orders={till.order(): 100}, member_id=7, channel="sandbox",
        description="x", expires_at=till.clock.now() + MINUTE, day=DAY,
    )  # fmt: skip
    till.wait(2 * MINUTE)  # the queue was slow: the provider does not open what is over
    await till.work()
    assert (await till.look(opened.id)).state == money.ChargeState.CLOSED
    assert [fact.reason for fact in await till.facts(money.ChargeClosed)] == ["channel:already_expired"]
    with pytest.raises(ChannelRefused):
        await till.installation.channels["sandbox"].query_charge(str(opened.attempt_id))


@pytest.mark.rule("PAY-1")
async def test_cash_is_confirmed_by_a_person_once(till: Till) -> None:
    charge = await till.charge(1500, 500, channel="offline")
    assert (charge.state, charge.pay_url) == (money.ChargeState.PAYABLE, None)
    with pytest.raises(WrongAmountConfirmed) as wrong:
        await till.do(money.confirm_offline, charge_id=charge.id, amount_fen=1999)
    assert wrong.value.facts["owed_fen"] == 2000
    assert (await till.look(charge.id)).paid_fen == 0
    paid = await asyncio.gather(
        *(till.do(money.confirm_offline, charge_id=charge.id, amount_fen=2000) for _ in range(5))
    )
    assert {each.state for each in paid} == {money.ChargeState.PAID}
    assert len(await till.facts(money.ChargePaid)) == 1
    await till.books()
    assert await till.balance("cash_offline") == 2000


async def test_nobody_confirms_by_hand_what_the_provider_must_say_or_what_is_closed(till: Till) -> None:
    online = await till.charge(100)
    with pytest.raises(ConfirmedByProvider):
        await till.do(money.confirm_offline, charge_id=online.id, amount_fen=100)
    cash = await till.charge(100, channel="offline")
    await till.do(money.close_charge, charge_id=cash.id, reason="cancelled")
    with pytest.raises(ChargeNotOpen):
        await till.do(money.confirm_offline, charge_id=cash.id, amount_fen=100)
    assert await till.facts(money.ChargePaid) == []


async def test_a_charge_that_does_not_fit_its_orders_is_refused(till: Till) -> None:
    common = {"member_id": 7, "description": "x", "day": DAY, "expires_at": till.clock.now() + MINUTE}
    one, two = till.order(), till.order()
    for amount, orders in ((100, {one: 99}), (100, {one: 200, two: -100}), (0, {}), (0, {one: 0})):
        with pytest.raises(SharesDoNotFit):
            await till.do(money.open_charge, amount_fen=amount, orders=orders, channel="sandbox", **common)
    with pytest.raises(UnknownChannel):
        await till.do(money.open_charge, amount_fen=1, orders={one: 1}, channel="barter", **common)
    with pytest.raises(ChargeExpired):
        await till.do(
            money.open_charge, amount_fen=1, orders={one: 1}, channel="sandbox",
            **common | {"expires_at": till.clock.now()},
        )  # fmt: skip
    with pytest.raises(NoSuchCharge):
        await till.look(one)


@pytest.mark.rule("PAY-3")
async def test_a_notice_that_was_kept_but_not_acted_on_is_acted_on_later(till: Till) -> None:
    """The process dies between keeping the raw message and acting on it, and the provider never sends it again."""
    from linli.money.notice.commands import keep_notice
    from linli.money.notice.model import RawNotice

    charge = await till.charge(2990)
    told = money.Answer(money.Word.PAID, "sandbox", str(charge.attempt_id), 2990, "P9", till.clock.now(), "notice:N1")
    await till.do(keep_notice, raw=RawNotice("sandbox", "N1", {}, b"raw"), told=told)
    assert (await till.look(charge.id)).paid_fen == 0
    till.wait(2 * MINUTE)
    await asyncio.gather(*(till.do(money.poll_unanswered) for _ in range(4)))
    assert (await till.look(charge.id)).state == money.ChargeState.PAID
    assert len(await till.facts(money.ChargePaid)) == 1


@pytest.mark.rule("PAY-3")
async def test_what_a_provider_sent_cannot_be_rewritten(till: Till) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import ProgrammingError

    await till.paid_charge(100)
    for statement in (
        "UPDATE money.raw_notices SET body = 'x'",
        "UPDATE money.raw_notices SET told = NULL",
        "DELETE FROM money.raw_notices",
        "TRUNCATE money.raw_notices",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with till.installation.db.transaction(till.region_id, by="test") as tx:
                await tx.execute(text(statement))


async def test_a_member_sees_and_retries_only_their_own_charge(till: Till) -> None:
    charge = await till.charge(2990, member_id=7)
    path = f"/app/charges/{charge.id}"
    own = await till.client.get(path, headers=till.sign_in("charge.open", audience="app", person_id=7))
    assert own.status_code == 200, own.text
    assert own.json()["pay_url"] == charge.pay_url
    assert own.json()["orders"] == {str(id): fen for id, fen in charge.orders.items()}
    for who in (till.sign_in("charge.open", audience="app", person_id=8),):
        assert (await till.client.get(path, headers=who)).json()["code"] == "no_such_charge"
        assert (await till.client.post(path + "/attempts", headers=who)).status_code == 404
    assert (await till.client.get(path)).status_code == 401
    await till.work()
    assert (await till.look(charge.id)).attempt_id == charge.attempt_id
    mine = till.sign_in("charge.open", audience="app", person_id=7)
    assert (await till.client.post(path + "/attempts", headers=mine)).status_code == 200
    await till.work()
    assert (await till.look(charge.id)).attempt_id != charge.attempt_id


async def test_finance_confirms_cash_over_the_console_and_nobody_else_may(till: Till) -> None:
    charge = await till.charge(2000, channel="offline")
    path, body = f"/console/charges/{charge.id}/confirmation", {"amount_fen": 2000}
    refused = await till.client.post(path, json=body, headers=till.sign_in("order.read"))
    assert refused.status_code == 403
    assert (await till.look(charge.id)).paid_fen == 0
    headers = till.sign_in("payment.confirm")
    first: httpx2.Response = await till.client.post(path, json=body, headers=headers)
    assert first.status_code == 200, first.text
    second = await till.client.post(path, json=body, headers=headers)
    assert second.json() == first.json()
    assert first.json()["state"] == "paid"


@given(st.lists(st.integers(-5, 10**6), max_size=6), st.integers(-5, 10**6))
def test_shares_fit_only_when_positive_and_whole(shares: list[int], amount: int) -> None:
    orders = dict(enumerate(shares))
    total = sum(shares)
    assert shares_fit(total, orders) == (bool(shares) and min(shares, default=0) > 0)
    if amount != total:
        assert not shares_fit(amount, orders)


@given(st.integers(0, 10**6))
def test_asking_again_takes_longer_each_time_but_never_more_than_an_hour(polls: int) -> None:
    assert MINUTE <= poll_after(polls) <= poll_after(polls + 1) <= timedelta(hours=1)

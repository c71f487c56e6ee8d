"""What happens to people whose money goes back: never more than came, never twice, never forgotten."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from linli import money
from linli.kernel.machine import WrongState
from linli.kernel.refusals import Refusal
from linli.money.channels.interface import ChannelRefused, RefundRequest
from linli.money.charge import store as charges
from linli.money.charge.records import ChargeRow, ShareRow
from linli.money.notice.model import Verdict
from linli.money.refund import commands
from linli.money.refund.commands import (
    NoSuchRefund,
    NothingPaidYet,
    NotPaidBackByHand,
    RefundAmountWrong,
    RefundContradicts,
    RefundExceedsPaid,
    TooManyRefunds,
    confirm_paid_back,
    retry_refund,
)
from linli.money.refund.events import RefundStuck
from linli.money.refund.model import RefundState
from linli.money.refund.rules import MOST_TRIES, refund_number, round_of, wait_after
from linli.platform import settings
from linli.platform.database import Database, Tx

from .conftest import Till

MINUTE = timedelta(minutes=1)
DONE, DEAD, ACCEPTED = RefundState.DONE, RefundState.DEAD, RefundState.ACCEPTED


async def _states(till: Till, charge: money.ChargeValue) -> list[str]:
    return [each.state.value for each in await till.refunds(charge)]


async def _days(till: Till, hours: int = 100, step: timedelta = timedelta(hours=1)) -> None:
    """Let time pass with the clock ticking, jobs running and notices coming."""
    for _ in range(int(timedelta(hours=hours) / step)):
        till.wait(step)
        await till.provider.deliver_due()
        await till.do(money.poll_unanswered)
        await till.work()


def _given_back(till: Till, charge: money.ChargeValue) -> int:
    """What the provider itself knows to have given back, in fen."""
    kept = till.provider._store.refunds_of(str(charge.attempt_id))
    return sum(refund.amount_fen for refund in kept if refund.state != "failed")


@pytest.mark.rule("PAY-6")
async def test_a_refund_goes_back_and_is_told_once(till: Till) -> None:
    charge = await till.paid_charge(1990, 1000)
    refund_id = await till.refund(charge, 990, 1)
    await till.work()
    assert await _states(till, charge) == ["accepted"]
    till.wait(MINUTE)
    await till.provider.deliver_due()
    for notice in till.delivered[-1:] * 3:
        assert await till.redeliver(notice) == 200
    (fact,) = await till.facts(money.RefundDone)
    assert (fact.refund_id, fact.amount_fen, fact.order_id) == (refund_id, 990, next(iter(charge.orders)))
    await till.books()
    assert await till.balance("cash_sandbox") == 2000
    assert (await till.look(charge.id)).refunded_fen == 990


@pytest.mark.rule("PAY-6")
async def test_twenty_refunds_at_once_never_exceed_what_was_paid(till: Till) -> None:
    charge = await till.paid_charge(2990)
    tries = await asyncio.gather(*(till.refund(charge, 300, n) for n in range(20)), return_exceptions=True)
    refused = [each for each in tries if isinstance(each, BaseException)]
    assert len(refused) == 11
    assert {type(each) for each in refused} == {RefundExceedsPaid}
    assert (await till.look(charge.id)).refunded_fen == 2700
    await till.refund(charge, 290, 99)
    with pytest.raises(RefundExceedsPaid) as nothing:
        await till.refund(charge, 1, 100)
    assert nothing.value.facts["left_fen"] == 0
    await _days(till, hours=1, step=MINUTE)
    assert _given_back(till, charge) == 2990
    assert await _states(till, charge) == ["done"] * 10
    await till.books()
    assert await till.balance("cash_sandbox") == 0


@pytest.mark.rule("PAY-6")
async def test_twenty_identical_refunds_at_once_are_one(till: Till) -> None:
    charge = await till.paid_charge(2990)
    made = await asyncio.gather(*(till.refund(charge, 300, 1) for _ in range(20)))
    assert len(set(made)) == 1
    assert (await till.look(charge.id)).refunded_fen == 300
    with pytest.raises(RefundContradicts):
        await till.refund(charge, 301, 1)
    assert (await till.look(charge.id)).refunded_fen == 300
    assert await till.refund(charge, 301, 1, part="second") not in made


@pytest.mark.rule("PAY-6")
async def test_an_order_gets_back_only_its_own_share(till: Till) -> None:
    charge = await till.paid_charge(1000, 5000)
    with pytest.raises(RefundExceedsPaid) as more:
        await till.refund(charge, 1001, 1)
    assert more.value.facts["left_fen"] == 1000
    assert (await till.look(charge.id)).refunded_fen == 0  # the whole refusal left nothing behind
    assert await till.refunds(charge) == []
    await till.refund(charge, 5000, 2, at=1)
    await till.refund(charge, 1000, 3)


@dataclass
class Scratch:
    """A database of its own, whose guards a test may take away."""

    db: Database
    region_id: int
    charge_id: int
    order_id: int

    async def refund(self, ref_id: int) -> Any:
        given = {"charge_id": self.charge_id, "order_id": self.order_id, "amount_fen": 300, "reason": "x"}

        async def work(tx: Tx) -> int:
            return await money.refund(tx, ref_kind="test", ref_id=ref_id, **given)  # type: ignore[arg-type]

        return await self.db.run(work, self.region_id, by="test")

    async def owner(self, *statements: str) -> None:
        engine = self.db.owner_engine()
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    async def refunded(self) -> int:
        async with self.db.transaction(self.region_id, by="test") as tx:
            found = await money.the_charge(tx, charge_id=self.charge_id)
        return found.refunded_fen


scratches = itertools.count()


@pytest.fixture
async def scratch(till: Till, server_url: str, template: str) -> AsyncIterator[Scratch]:
    """A clone of the database with one paid charge of 2990 fen."""
    from tests.conftest import clone, drop  # type: ignore[import-not-found, unused-ignore]

    from .conftest import DAY

    name = f"{template}_guards_{next(scratches)}"
    db = Database(clone(server_url, template, name), till.clock, pool_size=25)
    order_id = till.order()

    async def paid(tx: Tx) -> int:
        charge = await money.open_charge(
            tx, amount_fen=2990, orders={order_id: 2990}, member_id=7, channel="offline", description="x",
            expires_at=tx.now + MINUTE, day=DAY,
        )  # fmt: skip
        await money.confirm_offline(tx, charge_id=charge.id, amount_fen=2990)
        return charge.id

    charge_id = await db.run(paid, till.region_id, by="test")
    yield Scratch(db, till.region_id, charge_id, order_id)
    await db.close()
    drop(server_url, name)


async def _careless_reservation(
    tx: Tx, charge_id: int, order_id: int, amount_fen: int, gap: timedelta, most: int | None
) -> Any:
    """What a hurried programmer would write: read, think, write."""
    charge = await charges.charge_row(tx, charge_id)
    share = await charges.share_row(tx, charge_id, order_id)
    assert charge is not None
    assert share is not None
    if charge.refunded_fen + amount_fen > charge.paid_fen:
        return None
    await asyncio.sleep(0.2)
    for row, key in ((ChargeRow, ChargeRow.id), (ShareRow, ShareRow.charge_id)):
        change = update(row).where(row.region_id == tx.region_id, row.biz_date == charge.biz_date, key == charge_id)
        await tx.execute(change.values(refunded_fen=row.refunded_fen + amount_fen))
    return tx.now


@pytest.mark.rule("PAY-6")
@pytest.mark.parametrize("removed", ["nothing", "the conditional update", "the conditional update and the CHECK"])
async def test_the_guards_on_refunds_are_what_keeps_them_within_the_payment(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch, removed: str
) -> None:
    """Guarded: nine of twenty. Without the condition the CHECK refuses. Without both, money is lost."""
    if removed != "nothing":
        monkeypatch.setattr(charges, "reserve_refund", _careless_reservation)
    if removed == "the conditional update and the CHECK":
        await scratch.owner(
            "ALTER TABLE money.charges DROP CONSTRAINT ck_charges_refunded_within_paid",
            "ALTER TABLE money.charge_orders DROP CONSTRAINT ck_charge_orders_refunded_within_paid",
        )
    tries = await asyncio.gather(*(scratch.refund(n) for n in range(20)), return_exceptions=True)
    refused = {type(each) for each in tries if isinstance(each, BaseException)}
    if removed == "nothing":
        assert (refused, await scratch.refunded()) == ({RefundExceedsPaid}, 2700)
    elif removed == "the conditional update":
        assert (refused, await scratch.refunded()) == ({IntegrityError}, 2700)
    else:
        assert await scratch.refunded() > 2990


@pytest.mark.rule("PAY-6")
async def test_a_lost_answer_and_a_retry_are_one_refund_at_the_provider(
    till: Till, faults: Callable[..., None]
) -> None:
    charge = await till.paid_charge(2990)
    faults(lost_answer=10_000)
    refund_id = await till.refund(charge, 500, 1)
    await till.work()
    assert await _states(till, charge) == ["sending"]  # nobody knows
    faults()
    till.wait(2 * MINUTE)
    await till.work()
    kept = till.provider._store.refunds_of(str(charge.attempt_id))
    assert [(each.refund_no, each.amount_fen) for each in kept] == [(str(refund_id), 500)]
    await _days(till, hours=1, step=10 * MINUTE)
    assert await _states(till, charge) == ["done"]
    assert len(await till.facts(money.RefundDone)) == 1
    await till.books()


@pytest.mark.rule("PAY-6")
async def test_a_provider_that_refuses_for_now_is_asked_again_with_the_same_number(
    till: Till, faults: Callable[..., None]
) -> None:
    charge = await till.paid_charge(2990)
    faults(refuse_refund=10_000)
    refund_id = await till.refund(charge, 500, 1)
    await till.work()
    (refused,) = await till.refunds(charge)
    assert refused.state is RefundState.FAILED
    assert refused.trouble
    await _days(till, hours=5)
    assert await _states(till, charge) == ["failed"]
    faults()
    await _days(till, hours=12)
    assert await _states(till, charge) == ["done"]
    assert [each.refund_no for each in till.provider._store.refunds_of(str(charge.attempt_id))] == [str(refund_id)]
    await till.books()


@pytest.mark.rule("PAY-6")
async def test_after_three_days_of_refusals_a_person_is_asked_who_retries(
    till: Till, faults: Callable[..., None]
) -> None:
    charge = await till.paid_charge(2990)
    faults(refuse_refund=10_000)
    refund_id = await till.refund(charge, 500, 1)
    await _days(till, hours=72)
    assert await _states(till, charge) == ["failed"]
    await _days(till, hours=36)
    assert await _states(till, charge) == ["dead"]
    (stuck,) = await till.facts(money.RefundStuck)
    assert (stuck.refund_id, stuck.amount_fen) == (refund_id, 500)
    assert (await till.look(charge.id)).refunded_fen == 500  # still owed, so still reserved
    listed = await till.client.get("/console/refunds?state=dead", headers=till.sign_in("refund.manage"))
    assert [each["id"] for each in listed.json()["items"]] == [str(refund_id)]
    path = f"/console/refunds/{refund_id}/retry"
    assert (await till.client.post(path, headers=till.sign_in("ledger.read"))).status_code == 403
    faults()
    retried = await till.client.post(path, headers=till.sign_in("refund.manage"))
    assert retried.status_code == 200, retried.text
    await _days(till, hours=2)
    assert await _states(till, charge) == ["done"]
    assert _given_back(till, charge) == 500
    await till.books()


@pytest.mark.rule("PAY-6")
async def test_a_refund_that_failed_for_good_is_sent_again_under_a_new_number(
    till: Till, faults: Callable[..., None]
) -> None:
    charge = await till.paid_charge(2990)
    faults(fail_refund=10_000)
    refund_id = await till.refund(charge, 500, 1)
    await till.work()
    till.wait(MINUTE)
    await till.provider.deliver_due()
    assert await _states(till, charge) == ["failed"]
    await till.redeliver(till.delivered[-1])  # the bad news comes twice
    faults()
    await _days(till, hours=3, step=10 * MINUTE)
    assert await _states(till, charge) == ["done"]
    numbers = [each.refund_no for each in till.provider._store.refunds_of(str(charge.attempt_id))]
    assert numbers == [str(refund_id), f"{refund_id}-2"]
    assert _given_back(till, charge) == 500
    await till.books()


@pytest.mark.rule("PAY-6")
async def test_a_refund_that_fails_again_and_again_ends_with_a_person_who_pays_it_back(
    till: Till, faults: Callable[..., None]
) -> None:
    charge = await till.paid_charge(2990)
    faults(fail_refund=10_000)
    refund_id = await till.refund(charge, 500, 1)
    await _days(till, hours=48)
    assert await _states(till, charge) == ["dead"]
    assert len(await till.facts(money.RefundStuck)) == 1
    path = f"/console/refunds/{refund_id}/paid-back"
    paid = await till.client.post(path, headers=till.sign_in("refund.manage"))
    assert (paid.status_code, paid.json()["state"]) == (200, "done"), paid.text
    again = await till.client.post(path, headers=till.sign_in("refund.manage"))
    assert again.status_code == 200
    assert [fact.channel for fact in await till.facts(money.RefundDone)] == ["offline"]
    await till.books()
    assert await till.balance("cash_sandbox") == 2990
    assert await till.balance("cash_offline") == -500
    number = refund_number(refund_id, 5)
    said = money.Answer(money.Word.REFUNDED, "sandbox", number, 500, "R", till.clock.now(), "bill")
    assert await till.do(money.record_answer, answer=said) == Verdict.CONTRADICTION
    with pytest.raises(WrongState):
        await till.do(retry_refund, refund_id=refund_id)


@pytest.mark.rule("PAY-6")
async def test_a_final_no_of_the_provider_goes_to_a_person_at_once(till: Till) -> None:
    charge = await till.paid_charge(2990)
    channel = till.installation.channels["sandbox"]
    await channel.refund(
        RefundRequest("byhand", str(charge.attempt_id), 2900, 2990, "x", "http://linli.test/hooks/payments/sandbox")
    )
    till.wait(2 * MINUTE)
    await till.refund(charge, 500, 1)
    await till.work()
    assert await _states(till, charge) == ["dead"]
    (stuck,) = await till.facts(money.RefundStuck)
    assert "refund_exceeds_paid" in stuck.trouble
    with pytest.raises(ChannelRefused):
        await channel.query_refund(str(stuck.refund_id))


@pytest.mark.rule("PAY-10")
async def test_refunds_of_one_charge_are_sent_a_minute_apart(till: Till) -> None:
    charge = await till.paid_charge(2990)
    await asyncio.gather(*(till.refund(charge, 100, n) for n in range(4)))
    await till.work()
    assert sorted(await _states(till, charge)) == ["accepted", "wished", "wished", "wished"]
    await _days(till, hours=1, step=MINUTE)
    assert await _states(till, charge) == ["done"] * 4
    asked = [each.asked_at for each in till.provider._store.refunds_of(str(charge.attempt_id))]
    assert len(set(asked)) == 4
    assert all(each.tries == 0 or not each.trouble for each in await till.refunds(charge))


@pytest.mark.rule("PAY-10")
async def test_the_provider_s_limits_are_known_beforehand(till: Till) -> None:
    charge = await till.paid_charge(2990)
    for n in range(50):
        await till.refund(charge, 1, n)
    with pytest.raises(TooManyRefunds) as many:
        await till.refund(charge, 1, 50)
    assert (many.value.code, many.value.facts["most"]) == ("too_many_refunds", 50)
    assert (await till.look(charge.id)).refunded_fen == 50
    assert len(await till.refunds(charge)) == 50


@pytest.mark.rule("PAY-10")
async def test_a_refund_after_a_year_goes_to_a_person_at_once_who_pays_it_another_way(till: Till) -> None:
    charge = await till.paid_charge(2990)
    till.wait(timedelta(days=365, seconds=1))
    refund_id = await till.refund(charge, 1000, 1)
    assert await till.refund(charge, 1000, 1) == refund_id
    await till.work()
    assert await _states(till, charge) == ["dead"]
    assert [fact.refund_id for fact in await till.facts(RefundStuck)] == [refund_id]
    assert not till.provider._store.refunds_of(str(charge.attempt_id)), "the provider was not even asked"
    assert (await till.look(charge.id)).refunded_fen == 1000, "what a person will pay back is reserved"
    with pytest.raises(RefundExceedsPaid):
        await till.refund(charge, 1991, 2)
    await till.do(confirm_paid_back, refund_id=refund_id)
    assert await _states(till, charge) == ["done"]
    await till.books()
    assert await till.balance("cash_offline") == -1000


@pytest.mark.rule("PAY-10")
async def test_the_provider_s_limits_are_settings_of_the_owner(till: Till) -> None:
    charge = await till.paid_charge(2990)
    for name, value in (("money.refunds_per_charge", {"sandbox": 1}), ("money.refund_days", {"sandbox": 30})):
        await till.do(settings.change, name=name, value=value, valid_from=till.clock.now(), reason="new contract")
    await till.refund(charge, 1, 1)
    with pytest.raises(TooManyRefunds):
        await till.refund(charge, 1, 2)
    other = await till.paid_charge(500)
    till.wait(timedelta(days=31))
    await till.refund(other, 500, 3)
    assert await _states(till, other) == ["dead"]


@pytest.mark.rule("PAY-6")
async def test_cash_goes_back_when_a_person_says_so(till: Till) -> None:
    charge = await till.charge(2000, channel="offline")
    await till.do(money.confirm_offline, charge_id=charge.id, amount_fen=2000)
    refund_id = await till.refund(charge, 500, 1)
    await _days(till, hours=48, step=timedelta(hours=6))
    assert await _states(till, charge) == ["accepted"]
    assert await till.facts(money.RefundDone) == []
    await asyncio.gather(*(till.do(confirm_paid_back, refund_id=refund_id) for _ in range(5)))
    assert await _states(till, charge) == ["done"]
    assert len(await till.facts(money.RefundDone)) == 1
    await till.books()
    assert await till.balance("cash_offline") == 1500


@pytest.mark.rule("PAY-6")
async def test_nobody_pays_back_by_hand_while_the_provider_works_on_it(till: Till) -> None:
    charge = await till.paid_charge(2990)
    refund_id = await till.refund(charge, 500, 1)
    await till.work()
    with pytest.raises(NotPaidBackByHand):
        await till.do(confirm_paid_back, refund_id=refund_id)
    await _days(till, hours=1, step=10 * MINUTE)
    with pytest.raises(WrongState):
        await till.do(confirm_paid_back, refund_id=refund_id)
    assert len(await till.facts(money.RefundDone)) == 1


@pytest.mark.rule("PAY-6")
async def test_a_dead_refund_that_the_provider_may_have_done_is_asked_about_before_anybody_pays_by_hand(
    till: Till, faults: Callable[..., None]
) -> None:
    charge = await till.paid_charge(2990)
    faults(lost_answer=10_000)
    refund_id = await till.refund(charge, 500, 1)
    for _ in range(110):  # the provider did it, and neither answer nor notice ever arrives
        till.wait(timedelta(hours=1))
        await till.do(money.poll_unanswered)
        await till.work()
    assert await _states(till, charge) == ["dead"]
    with pytest.raises(NotPaidBackByHand):
        await till.do(confirm_paid_back, refund_id=refund_id)
    assert await till.facts(money.RefundDone) == []
    faults()
    await till.do(retry_refund, refund_id=refund_id)
    await till.work()
    assert await _states(till, charge) == ["done"]
    assert _given_back(till, charge) == 500
    await till.books()


@pytest.mark.rule("PAY-6")
async def test_what_was_not_paid_is_not_given_back(till: Till) -> None:
    charge = await till.charge(2990)
    with pytest.raises(NothingPaidYet):
        await till.refund(charge, 100, 1)
    for fen in (0, -5):
        with pytest.raises(RefundAmountWrong):
            await till.refund(charge, fen, 1)
    with pytest.raises(NoSuchRefund):
        await till.do(retry_refund, refund_id=till.order())
    assert await till.refunds(charge) == []


@pytest.mark.rule("PAY-3")
async def test_the_good_news_may_overtake_everything(till: Till) -> None:
    charge = await till.paid_charge(2990)
    refund_id = await till.refund(charge, 500, 1)
    said = money.Answer(money.Word.REFUNDED, "sandbox", str(refund_id), 500, "R1", till.clock.now(), "notice:N7")
    verdicts = await asyncio.gather(*(till.do(money.record_answer, answer=said) for _ in range(10)))
    assert sorted(verdicts) == [Verdict.REPEATED] * 9 + [Verdict.TAKEN]
    await till.work()  # the wish to send it finds it done
    assert till.provider._store.refunds_of(str(charge.attempt_id)) == []
    failed = money.Answer(money.Word.REFUND_FAILED, "sandbox", str(refund_id), 500, "R1", till.clock.now(), "poll")
    assert await till.do(money.record_answer, answer=failed) == Verdict.CONTRADICTION
    wrong = money.Answer(money.Word.REFUNDED, "sandbox", str(refund_id), 501, "R1", till.clock.now(), "poll")
    assert await till.do(money.record_answer, answer=wrong) == Verdict.WRONG_AMOUNT
    assert await _states(till, charge) == ["done"]
    assert len(await till.facts(money.RefundDone)) == 1
    await till.books()


@pytest.mark.rule("PAY-6")
async def test_a_refund_whose_notice_is_lost_is_found_by_asking(till: Till) -> None:
    charge = await till.paid_charge(2990)
    await till.refund(charge, 500, 1)
    await till.work()
    till.wait(2 * MINUTE)
    assert await till.do(money.poll_unanswered) == 1
    await till.work()
    assert await _states(till, charge) == ["done"]
    await till.books()


@pytest.mark.rule("PAY-6")
async def test_a_refund_whose_wish_was_lost_is_sent_all_the_same(till: Till) -> None:
    charge = await till.paid_charge(2990)
    await till.refund(charge, 500, 1)
    async with till.installation.db.transaction(till.region_id, by="test") as tx:
        await tx.execute(
            text("DELETE FROM platform.outbox WHERE region_id = :r AND name = 'money.send_refund'"),
            {"r": till.region_id},
        )
    await _days(till, hours=3)
    assert await _states(till, charge) == ["done"]


@pytest.mark.rule("PAY-6")
async def test_a_process_that_dies_while_sending_leaves_one_refund(till: Till) -> None:
    """It wrote that it is sending, and perhaps sent: the next one asks with the same number."""
    charge = await till.paid_charge(2990)
    refund_id = await till.refund(charge, 500, 1)
    begun = await till.do(commands.begin_sending, refund_id=refund_id)
    assert begun is not None
    channel = till.installation.channels["sandbox"]
    url = "http://linli.test/hooks/payments/sandbox"
    await channel.refund(RefundRequest(str(refund_id), str(charge.attempt_id), 500, 2990, "缺货", url))
    await till.work()
    await _days(till, hours=1, step=10 * MINUTE)
    assert await _states(till, charge) == ["done"]
    assert len(till.provider._store.refunds_of(str(charge.attempt_id))) == 1


async def test_every_refusal_has_a_stable_code_and_a_chinese_title() -> None:
    for kind in (RefundExceedsPaid, TooManyRefunds, NothingPaidYet, RefundContradicts, NoSuchRefund):
        assert issubclass(kind, Refusal)
        assert kind.code.replace("_", "").isalpha()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in kind.title)


def test_waiting_between_tries_covers_more_than_three_days() -> None:
    assert sum((wait_after(n) for n in range(1, MOST_TRIES)), timedelta()) > timedelta(days=3)


@given(st.integers(1, 2**62), st.integers(1, 5))
def test_a_refund_number_tells_its_round(refund_id: int, round_: int) -> None:
    assert round_of(refund_number(refund_id, round_)) == round_


@given(st.text(max_size=12))
def test_a_strange_refund_number_has_no_round_or_a_small_one(number: str) -> None:
    assert 0 <= round_of(number) < 10_000

"""The books: nothing is lost, nothing is rewritten, nobody spends what is not there, and a mistake is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from linli import money
from linli.money.ledger import queries, store
from linli.money.ledger.commands import (
    AccountTooLow,
    EntryContradicts,
    NoSuchTransaction,
    NotReversible,
    TransactionKeyReused,
)
from linli.money.ledger.model import CHART, ENTRY_RULES, AccountKind, AccountRef, Difference, Entry, EntryKind, Posting
from linli.money.ledger.rules import deltas, ends, proven, reversed_postings
from linli.platform.database import Tx

from .conftest import Till

REVENUE, FEES = AccountRef(AccountKind.REVENUE), AccountRef(AccountKind.FEES)
OF_THE_BOOKS = {"balance of an account is not the sum of its postings", "debit and credit balances differ"}
PREPAYMENT = AccountRef(AccountKind.MEMBER_PREPAYMENT)


def _entry(kind: EntryKind, fen: int, ref_id: int, **more: Any) -> Entry:
    return Entry(kind, fen, "test", ref_id, **{"cycle_id": 1, "station_id": 2, "provider": "sandbox", **more})


async def _tamper(till: Till, statement: str) -> int:
    """Change rows as the owner of the tables, as only a thief or a broken disk could; returns the rows changed."""
    engine = till.installation.db.owner_engine()
    async with engine.begin() as connection:
        done = await connection.execute(text(statement), {"r": till.region_id})
    await engine.dispose()
    return int(done.rowcount)


async def _differences(till: Till) -> tuple[bool, bool, set[str]]:
    found = await till.do(money.check)
    return found.balanced, found.subledger_agrees, {each.what for each in found.differences}


@pytest.mark.rule("LED-3")
async def test_twenty_identical_records_at_once_are_one(till: Till) -> None:
    entries = [_entry(EntryKind.PAID, 100, n) for n in range(5)]
    made = await asyncio.gather(
        *(till.do(money.record, entries=entries if n % 2 else entries[::-1]) for n in range(20))
    )
    assert sum(made) == 5
    await till.do(money.post_batches)
    assert await till.balance("cash_sandbox") == 500


@pytest.mark.rule("LED-3")
async def test_an_entry_told_again_with_another_amount_is_refused(till: Till) -> None:
    await till.do(money.record, entries=[_entry(EntryKind.PAID, 100, 1)])
    with pytest.raises(EntryContradicts) as told:
        await till.do(money.record, entries=[_entry(EntryKind.FEE, 7, 9), _entry(EntryKind.PAID, 101, 1)])
    assert told.value.facts["stored_fen"] == 100
    await till.do(money.post_batches)
    assert (await till.balance("cash_sandbox"), await till.balance("fees")) == (100, 0)


@pytest.mark.rule("LED-3")
async def test_batches_are_summed_by_kind_cycle_station_and_owner(till: Till) -> None:
    entries = [
        _entry(EntryKind.PAID, 100, 1), _entry(EntryKind.PAID, 200, 2), _entry(EntryKind.PAID, 400, 3, station_id=3),
        _entry(EntryKind.PAID, 800, 4, cycle_id=9), _entry(EntryKind.PAID, 1600, 5, provider="offline"),
        _entry(EntryKind.GOODS_RECEIVED, 50, 6, owner_id=71), _entry(EntryKind.GOODS_RECEIVED, 60, 7, owner_id=72),
    ]  # fmt: skip
    assert await till.do(money.record, entries=entries) == 7
    assert await till.do(money.post_batches) == 6
    assert await till.do(money.post_batches) == 0
    assert await till.balance("cash_sandbox") == 1500
    assert await till.balance("cash_offline") == 1600
    assert await till.balance("member_prepayment") == 3100
    assert (await till.balance("supplier_payable", 71), await till.balance("supplier_payable", 72)) == (50, 60)
    assert await till.balance("goods_cost") == 110


@pytest.mark.rule("LED-3")
async def test_workers_racing_to_post_carry_every_entry_once(till: Till) -> None:
    async def keep_recording(worker: int) -> None:
        for n in range(15):
            await till.do(money.record, entries=[_entry(EntryKind.PAID, 1, worker * 100 + n)])

    async def keep_posting() -> int:
        return sum([await till.do(money.post_batches) for _ in range(15)])

    await asyncio.gather(*(keep_recording(n) for n in range(6)), *(keep_posting() for _ in range(4)))
    await till.do(money.post_batches)
    assert await till.balance("cash_sandbox") == 90
    assert await _differences(till) == (True, True, set())


@pytest.mark.rule("LED-1")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE money.postings SET amount_fen = amount_fen + 1",
        "DELETE FROM money.postings",
        "TRUNCATE money.postings",
        "UPDATE money.transactions SET note = 'x'",
        "DELETE FROM money.transactions",
        "UPDATE money.entries SET amount_fen = 1",
        "DELETE FROM money.entries",
        "TRUNCATE money.entries CASCADE",
        "UPDATE money.post_batches SET amount_fen = 1",
        "DELETE FROM money.post_batches",
    ],
)
async def test_the_application_cannot_rewrite_the_books(till: Till, statement: str) -> None:
    await till.do(money.record, entries=[_entry(EntryKind.PAID, 100, 1)])
    await till.do(money.post_batches)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with till.installation.db.transaction(till.region_id, by="test") as tx:
            await tx.execute(text(statement))
    assert await till.balance("cash_sandbox") == 100


@pytest.mark.rule("LED-1")
@pytest.mark.parametrize(
    ("source", "destination", "fen", "refused_by"),
    [
        ("a.id", "b.id", -5, "amount_positive"),
        ("a.id", "b.id", 0, "amount_positive"),
        ("a.id", "a.id", 5, "two_ends"),
        ("NULL", "b.id", 5, "not-null"),
        ("a.id", "NULL", 5, "not-null"),
        ("a.id", "4711", 5, "fk_postings_destination"),
    ],
)
async def test_an_unbalanced_posting_cannot_be_written(
    till: Till, source: str, destination: str, fen: int, refused_by: str
) -> None:
    """Not even by hand: every posting has two different ends and moves a positive amount."""
    made = await till.do(money.post, kind="x", key="x", postings=[Posting(REVENUE, PREPAYMENT, 100)])
    statement = text(
        "INSERT INTO money.postings (region_id, id, transaction_id, source_id, destination_id, amount_fen) "
        f"SELECT a.region_id, 1, {made}, {source}, {destination}, {fen} FROM money.accounts a, money.accounts b "
        "WHERE a.region_id = :r AND b.region_id = :r AND a.kind = 'revenue' AND b.kind = 'member_prepayment'"
    )
    with pytest.raises(IntegrityError, match=refused_by):
        async with till.installation.db.transaction(till.region_id, by="test") as tx:
            await tx.execute(statement, {"r": till.region_id})


@pytest.mark.rule("LED-1")
async def test_a_transaction_is_posted_once_per_key(till: Till) -> None:
    postings = [Posting(REVENUE, PREPAYMENT, 100), Posting(FEES, PREPAYMENT, 3)]
    made = await asyncio.gather(*(till.do(money.post, kind="k", key="one", postings=postings) for _ in range(20)))
    assert len(set(made)) == 1
    assert await till.do(money.post, kind="k", key="one", postings=postings[::-1]) == made[0]
    with pytest.raises(TransactionKeyReused):
        await till.do(money.post, kind="k", key="one", postings=postings[:1])
    assert await till.balance("revenue") == 100
    assert await till.balance("member_prepayment") == -103


@pytest.mark.rule("LED-1")
async def test_a_mistake_is_undone_by_a_reversal_once(till: Till) -> None:
    made = await till.do(money.post, kind="k", key="one", postings=[Posting(REVENUE, PREPAYMENT, 100)])
    undone = await asyncio.gather(
        *(till.do(money.reverse, transaction_id=made, reason="wrong cycle") for _ in range(10))
    )
    assert len(set(undone)) == 1
    assert (await till.balance("revenue"), await till.balance("member_prepayment")) == (0, 0)
    with pytest.raises(NotReversible):
        await till.do(money.reverse, transaction_id=undone[0], reason="undo the undoing")
    with pytest.raises(NoSuchTransaction):
        await till.do(money.reverse, transaction_id=4711, reason="x")


@pytest.mark.rule("LED-3")
async def test_a_batch_is_not_reversed_behind_the_back_of_its_entries(till: Till) -> None:
    await till.do(money.record, entries=[_entry(EntryKind.COLLECTED, 100, 1)])
    await till.do(money.post_batches)

    async def batch(tx: Tx) -> int:
        found = await tx.scalar(
            text("SELECT transaction_id FROM money.post_batches WHERE region_id = :r").bindparams(r=tx.region_id)
        )
        return int(found)

    with pytest.raises(NotReversible):
        await till.do(money.reverse, transaction_id=await till.do(batch), reason="x")
    assert await till.balance("revenue") == 100


async def _earned(till: Till, fen: int) -> None:
    await till.do(
        money.record,
        entries=[
            _entry(EntryKind.COMMISSION_ACCRUED, fen, 1, owner_id=5),
            _entry(EntryKind.COMMISSION_RELEASED, fen, 1, owner_id=5),
        ],
    )


@pytest.mark.rule("LED-1")
async def test_twenty_withdrawals_at_once_cannot_spend_the_same_money(till: Till) -> None:
    await _earned(till, 1000)
    tries = await asyncio.gather(
        *(till.do(money.record, entries=[_entry(EntryKind.COMMISSION_PAID, 300, n, owner_id=5)]) for n in range(20)),
        return_exceptions=True,
    )
    refused = [each for each in tries if isinstance(each, BaseException)]
    assert (len(refused), {type(each) for each in refused}) == (17, {AccountTooLow})
    assert refused[0].facts["accounts"] == ["leader_available:5"]  # type: ignore[attr-defined]
    assert await till.balance("leader_available", 5) == 100
    assert await till.balance("cash_sandbox") == -900
    assert (await _differences(till))[0]


@pytest.mark.rule("LED-1")
async def test_without_the_guarded_update_the_check_still_refuses(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The condition in the update gives the friendly refusal; the CHECK in the schema is the last word."""
    await _earned(till, 1000)
    careless = str(store.MOVE_BALANCES.text).replace("AND (NOT a.guarded OR a.balance_fen + d.delta >= 0)", "")
    assert careless != store.MOVE_BALANCES.text
    monkeypatch.setattr(store, "MOVE_BALANCES", text(careless))
    with pytest.raises(IntegrityError, match="never_below_zero"):
        await till.do(money.record, entries=[_entry(EntryKind.COMMISSION_PAID, 1001, 1, owner_id=5)])
    assert await till.balance("leader_available", 5) == 1000


@pytest.mark.rule("COM-2")
async def test_a_claw_back_beyond_the_balance_leaves_a_debt_that_later_earnings_pay(till: Till) -> None:
    await _earned(till, 1000)
    with pytest.raises(AccountTooLow):
        await till.do(money.record, entries=[_entry(EntryKind.CLAWED_BACK, 1500, 1, owner_id=5)])
    await till.do(
        money.record,
        entries=[
            _entry(EntryKind.CLAWED_BACK, 1000, 1, owner_id=5),
            _entry(EntryKind.CLAW_BACK_OWED, 500, 1, owner_id=5),
        ],
    )
    assert (await till.balance("leader_available", 5), await till.balance("leader_receivable", 5)) == (0, 500)
    await till.do(money.record, entries=[_entry(EntryKind.COMMISSION_ACCRUED, 800, 2, owner_id=5)])
    await till.do(
        money.record,
        entries=[
            _entry(EntryKind.COMMISSION_RELEASED, 800, 2, owner_id=5),
            _entry(EntryKind.CLAW_BACK_RECOVERED, 500, 2, owner_id=5),
        ],
    )
    with pytest.raises(AccountTooLow):  # nobody pays back more than is owed
        await till.do(money.record, entries=[_entry(EntryKind.CLAW_BACK_RECOVERED, 1, 3, owner_id=5)])
    await till.do(money.post_batches)
    assert (await till.balance("leader_available", 5), await till.balance("leader_receivable", 5)) == (300, 0)
    assert await till.balance("commission_cost") == 300


@pytest.mark.rule("LED-4")
async def test_the_trial_balance_of_yesterday_stays_what_it_was(till: Till) -> None:
    await till.do(money.record, entries=[_entry(EntryKind.PAID, 100, 1)])
    await till.do(money.post_batches)
    yesterday = till.clock.now()
    till.wait(timedelta(days=1))
    await till.do(money.record, entries=[_entry(EntryKind.PAID, 50, 2)])
    await till.do(money.post_batches)

    async def cash(tx: Tx) -> list[int]:
        return [
            await money.balance(tx, "cash_sandbox", 0, yesterday - timedelta(seconds=1)),
            await money.balance(tx, "cash_sandbox", 0, yesterday),
            await money.balance(tx, "cash_sandbox"),
        ]

    assert await till.do(cash) == [0, 100, 150]
    then = await till.do(lambda tx: money.trial_balance(tx, yesterday))
    now = await till.do(money.trial_balance)
    assert (then.debit_fen, then.credit_fen) == (100, 100)
    assert (now.debit_fen, now.credit_fen) == (150, 150)


@pytest.mark.rule("LED-3")
@pytest.mark.parametrize(
    ("damage", "balanced", "seen"),
    [
        (
            "UPDATE money.accounts SET balance_fen = balance_fen + 1 WHERE region_id = :r AND kind = 'cash_sandbox'",
            False,
            {"balance of an account is not the sum of its postings", "debit and credit balances differ"},
        ),
        (
            "UPDATE money.post_batches SET amount_fen = amount_fen + 1 WHERE region_id = :r",
            True,
            {"a batch is not the sum of its entries", "a batch and its posting differ"},
        ),
        (
            "DELETE FROM money.entries WHERE region_id = :r",
            True,
            {"a batch is not the sum of its entries", "a paid charge and its entries differ"},
        ),
        (
            "UPDATE money.postings SET source_id = destination_id, destination_id = source_id WHERE region_id = :r",
            False,
            {"balance of an account is not the sum of its postings", "a batch and its posting differ"},
        ),
        (
            "UPDATE money.charges SET refunded_fen = 1 WHERE region_id = :r",
            True,
            {"a charge and its orders' shares differ (refunded)", "a charge and its refunds differ"},
        ),
        (
            "DELETE FROM money.charge_orders WHERE region_id = :r",
            True,
            {"a charge and its orders' shares differ (owed)", "a charge and its orders' shares differ (paid)"},
        ),
    ],
)
async def test_damage_to_the_books_is_seen(till: Till, damage: str, balanced: bool, seen: set[str]) -> None:
    await till.paid_charge(2990)
    await till.books()
    assert await _tamper(till, damage) > 0
    assert await _differences(till) == (balanced, seen <= OF_THE_BOOKS, seen)


@pytest.mark.rule("LED-3")
async def test_a_refund_without_its_entry_is_seen(till: Till) -> None:
    charge = await till.paid_charge(2990)
    await till.refund(charge, 500, 1)
    await till.work()
    till.wait(timedelta(minutes=2))
    await till.provider.deliver_due()
    await till.books()
    assert await _tamper(till, "DELETE FROM money.entries WHERE region_id = :r AND kind = 'refunded'") == 1
    _, agrees, wrong = await _differences(till)
    assert not agrees
    assert wrong == {"a batch is not the sum of its entries", "a finished refund and its entry differ"}


@pytest.mark.rule("LED-3")
async def test_a_later_room_adds_its_own_proof(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "agreements", {})

    async def orders_agree(tx: Tx) -> Sequence[Difference]:
        return [Difference("orders collected and revenue differ", "order:1", 100, 90)]

    money.register_agreement("orders", orders_agree)  # type: ignore[arg-type]
    found = await till.do(money.check)
    assert (found.balanced, found.subledger_agrees) == (True, False)
    assert [each.expected_fen - each.found_fen for each in found.differences] == [10]


async def test_checking_while_money_moves_reports_nothing(till: Till) -> None:
    """Every proof compares within one statement, so a posting in flight is never half seen."""

    async def move(worker: int) -> None:
        for n in range(12):
            await till.do(money.record, entries=[_entry(EntryKind.FEE, 10, worker * 100 + n)])
            await till.do(money.post_batches)

    async def look() -> None:
        for _ in range(20):
            found = await till.do(money.check)
            assert found.differences == ()

    await asyncio.gather(*(move(n) for n in range(4)), look(), look())


async def test_finance_reads_the_books_and_nobody_else(till: Till) -> None:
    await till.paid_charge(2990)
    await till.do(money.post_batches)
    for path in ("/console/ledger/trial-balance", "/console/ledger/check"):
        assert (await till.client.get(path, headers=till.sign_in("order.read"))).status_code == 403
        assert (await till.client.get(path)).status_code == 401
    headers = till.sign_in("ledger.read")
    trial = (await till.client.get("/console/ledger/trial-balance", headers=headers)).json()
    assert (trial["debit_fen"], trial["credit_fen"]) == (2990, 2990)
    assert {line["kind"]: line["balance_fen"] for line in trial["lines"]} == {
        "cash_sandbox": 2990,
        "member_prepayment": 2990,
    }
    at = (till.clock.now() - timedelta(days=1)).isoformat()
    before = await till.client.get("/console/ledger/trial-balance", params={"at": at}, headers=headers)
    assert before.json()["debit_fen"] == 0
    found = (await till.client.get("/console/ledger/check", headers=headers)).json()
    assert found == {"balanced": True, "subledger_agrees": True, "differences": [], "accounts": 2}


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_of_entry_moves_money_between_two_accounts_of_the_chart(kind: EntryKind) -> None:
    source, destination = ends(kind, owner_id=5, provider="offline")
    assert source != destination
    assert ENTRY_RULES[kind].immediate == (CHART[source.kind].guarded or CHART[destination.kind].guarded)
    owned = CHART[source.kind].owned or CHART[destination.kind].owned
    if owned:
        with pytest.raises(ValueError, match="owner"):
            ends(kind, provider="offline")
    if None in (ENTRY_RULES[kind].source, ENTRY_RULES[kind].destination):
        with pytest.raises(ValueError, match="barter"):
            ends(kind, owner_id=5, provider="barter")


def test_an_entry_is_never_negative_and_zero_is_left_out() -> None:
    assert proven([_entry(EntryKind.PAID, 0, 1)]) == []
    with pytest.raises(ValueError, match="positive"):
        proven([_entry(EntryKind.PAID, -1, 1)])


REFS = st.builds(AccountRef, st.sampled_from(list(AccountKind)), st.integers(0, 3))
POSTINGS = st.lists(
    st.builds(Posting, REFS, REFS, st.integers(1, 10**9)).filter(lambda p: p.source != p.destination), max_size=20
)


@pytest.mark.rule("LED-1")
@given(POSTINGS)
def test_whatever_is_posted_debits_equal_credits_and_undoing_it_leaves_nothing(postings: list[Posting]) -> None:
    grown = deltas(postings)
    side = {ref: 1 if CHART[ref.kind].side == "debit" else -1 for ref in grown}
    assert sum(fen * side[ref] for ref, fen in grown.items()) == 0
    both = deltas([*postings, *reversed_postings(postings)])
    assert set(both.values()) <= {0}

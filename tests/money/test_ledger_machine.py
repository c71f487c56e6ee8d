"""Some hundreds of random steps over the books, followed by a much simpler bookkeeper who only adds and subtracts."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from linli import money
from linli.money.ledger import queries
from linli.money.ledger.commands import AccountTooLow, EntryContradicts, TransactionKeyReused
from linli.money.ledger.model import CHART, ENTRY_RULES, AccountKind, AccountRef, Entry, EntryKind, Posting
from linli.money.ledger.rules import ends
from linli.platform.clock import SteeredClock
from linli.platform.database import Database, Tx

from .conftest import DAY

T = TypeVar("T")
Account = tuple[str, int]
regions: Iterator[int] = iter(range(900_000, 990_000))


class Bookkeeper(RuleBasedStateMachine):
    """The ledger on a real database, and beside it a dictionary of balances."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    db: ClassVar[Database]
    clock: ClassVar[SteeredClock]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.region_id = next(regions)
        self.posted: dict[Account, int] = defaultdict(int)
        self.waiting: list[Entry] = []
        self.recorded: dict[tuple[str, int], Entry] = {}
        self.keys: dict[str, list[Posting]] = {}
        self.transactions: dict[int, list[Posting]] = {}
        self.reversed: set[int] = set()
        self.past: list[tuple[datetime, dict[Account, int]]] = []

    def do(self, command: Callable[..., Awaitable[T]], **given: Any) -> T:
        type(self).steps += 1

        async def work(tx: Tx) -> T:
            return await command(tx, **given)

        return self.loop.run_until_complete(self.db.run(work, self.region_id, by="test"))

    def _move(self, postings: list[Posting]) -> dict[Account, int]:
        """What balances would be after these postings."""
        after = dict(self.posted)
        for posting in postings:
            for ref, debit in ((posting.destination, 1), (posting.source, -1)):
                sign = debit if CHART[ref.kind].side == "debit" else -debit
                after[str(ref.kind), ref.owner_id] = (
                    after.get((str(ref.kind), ref.owner_id), 0) + sign * posting.amount_fen
                )
        return after

    def _low(self, after: dict[Account, int]) -> bool:
        """Whether a guarded account that is lowered would go below zero."""
        return any(fen < 0 for (kind, _), fen in after.items() if CHART[AccountKind(kind)].guarded)

    def _take(self, after: dict[Account, int]) -> None:
        self.posted.update(after)

    @rule(
        kind=st.sampled_from(list(EntryKind)),
        fen=st.integers(0, 5000),
        ref_id=st.integers(1, 12),
        owner_id=st.integers(1, 2),
        station_id=st.integers(0, 1),
    )
    def record(self, kind: EntryKind, fen: int, ref_id: int, owner_id: int, station_id: int) -> None:
        """One line of the sub-ledger, which may have been told before."""
        entry = Entry(kind, fen, "test", ref_id, "", 1, station_id, owner_id, "sandbox")
        before = self.recorded.get((kind, ref_id))
        if fen == 0:
            assert self.do(money.record, entries=[entry]) == 0
        elif before is not None and (before.amount_fen, before.owner_id) != (fen, owner_id):
            with pytest.raises(EntryContradicts):
                self.do(money.record, entries=[entry])
        elif before is not None:
            assert self.do(money.record, entries=[entry]) == 0
        else:
            self._record_fresh(entry)

    def _record_fresh(self, entry: Entry) -> None:
        posting = Posting(*ends(entry.kind, owner_id=entry.owner_id, provider="sandbox"), entry.amount_fen)
        after = self._move([posting])
        immediate = ENTRY_RULES[EntryKind(entry.kind)].immediate
        if immediate and self._low(after):
            with pytest.raises(AccountTooLow):
                self.do(money.record, entries=[entry])
            return
        assert self.do(money.record, entries=[entry, entry]) == 1
        self.recorded[str(entry.kind), entry.ref_id] = entry
        if immediate:
            self._take(after)
        else:
            self.waiting.append(entry)

    @rule()
    def post_batches(self) -> None:
        """The waiting lines are carried over."""
        groups = {(e.kind, e.station_id, e.owner_id) for e in self.waiting}
        assert self.do(money.post_batches) == len(groups)
        for entry in self.waiting:
            ends_ = ends(entry.kind, owner_id=entry.owner_id, provider="sandbox")
            self._take(self._move([Posting(*ends_, entry.amount_fen)]))
        self.waiting.clear()

    @rule(
        key=st.sampled_from("abcdef"),
        kinds=st.lists(st.permutations(list(AccountKind)), min_size=1, max_size=3),
        fen=st.integers(1, 3000),
        owner_id=st.integers(1, 2),
    )
    def post(self, key: str, kinds: list[list[AccountKind]], fen: int, owner_id: int) -> None:
        """A transaction by hand, perhaps under a used key."""
        refs = [[AccountRef(k, owner_id if CHART[k].owned else 0) for k in pair[:2]] for pair in kinds]
        postings = [Posting(source, destination, fen + n) for n, (source, destination) in enumerate(refs)]
        if key in self.keys:
            if self.keys[key] == postings:
                self.do(money.post, kind="hand", key=key, postings=postings)
            else:
                with pytest.raises(TransactionKeyReused):
                    self.do(money.post, kind="hand", key=key, postings=postings)
            return
        after = self._move(postings)
        if self._low(after):
            with pytest.raises(AccountTooLow):
                self.do(money.post, kind="hand", key=key, postings=postings)
            return
        made = self.do(money.post, kind="hand", key=key, postings=postings)
        assert self.do(money.post, kind="hand", key=key, postings=postings) == made
        self.keys[key] = postings
        self.transactions[made] = postings
        self._take(after)

    @precondition(lambda self: self.transactions)
    @rule(which=st.integers(0, 5))
    def reverse(self, which: int) -> None:
        """A transaction by hand is undone, perhaps for the second time."""
        made = list(self.transactions)[which % len(self.transactions)]
        undone = [Posting(p.destination, p.source, p.amount_fen) for p in self.transactions[made]]
        after = self._move(undone)
        if made not in self.reversed and self._low(after):
            with pytest.raises(AccountTooLow):
                self.do(money.reverse, transaction_id=made, reason="x")
            return
        first = self.do(money.reverse, transaction_id=made, reason="x")
        assert self.do(money.reverse, transaction_id=made, reason="again") == first
        if made not in self.reversed:
            self.reversed.add(made)
            self._take(after)

    @rule()
    def night(self) -> None:
        """A day goes by; what the books said this evening must still be readable later."""
        self.past.append((self.clock.now(), dict(self.posted)))
        self.clock.set(self.clock.now() + timedelta(days=1))

    @precondition(lambda self: self.past)
    @rule(which=st.integers(0, 20))
    def look_back(self, which: int) -> None:
        """The trial balance of an earlier evening."""
        at, then = self.past[which % len(self.past)]
        trial = self.do(money.trial_balance, at=at)
        assert trial.debit_fen == trial.credit_fen
        assert {(e.kind, e.owner_id): e.balance_fen for e in trial.lines if e.balance_fen} == {
            account: fen for account, fen in then.items() if fen
        }

    @invariant()
    def the_books_agree(self) -> None:
        """Balances are what the bookkeeper says, and every proof holds."""
        found = self.do(money.check)
        assert found.differences == ()
        assert found.balanced
        trial = self.do(money.trial_balance)
        assert {(e.kind, e.owner_id): e.balance_fen for e in trial.lines if e.balance_fen} == {
            account: fen for account, fen in self.posted.items() if fen
        }


@pytest.mark.rule("LED-1")
@pytest.mark.rule("LED-3")
def test_random_bookkeeping_never_loses_a_fen(shared_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries, repeats, contradictions, batches, postings, reversals and looks back, in any order."""
    monkeypatch.setattr(queries, "agreements", {})
    Bookkeeper.loop = asyncio.new_event_loop()
    Bookkeeper.clock = SteeredClock(datetime.combine(DAY, datetime.min.time()).astimezone())
    Bookkeeper.db = Database(shared_url, Bookkeeper.clock, pool_size=2, guard=True)
    try:
        run_state_machine_as_test(Bookkeeper, settings=settings(max_examples=12, stateful_step_count=40))
    finally:
        Bookkeeper.loop.run_until_complete(Bookkeeper.db.close())
        Bookkeeper.loop.close()
    assert Bookkeeper.steps > 400

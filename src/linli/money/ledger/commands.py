"""What the ledger does: record the sub-ledger, carry it over in batches, post, and undo by reversing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from linli.kernel.refusals import Conflict, NotFound
from linli.money.ledger import store
from linli.money.ledger.model import IMMEDIATE, AccountKind, AccountRef, Entry, EntryKind, Posting
from linli.money.ledger.rules import deltas, ends, fingerprint, proven, reversed_postings
from linli.platform.database import Tx


class AccountTooLow(Conflict):
    """An account that must never go below zero would have; facts: the accounts."""

    title = "余额不足"


class EntryContradicts(Conflict):
    """An entry of this kind and origin exists with another amount or owner."""

    title = "分录与已有记录矛盾"


class TransactionKeyReused(Conflict):
    """A transaction with this key exists and moves something else."""

    title = "凭证号已被使用"


class NoSuchTransaction(NotFound):
    """There is no such ledger transaction in this region."""

    title = "没有这笔凭证"


class NotReversible(Conflict):
    """Batches are corrected by a counter-entry, and a reversal is not reversed again."""

    title = "这笔凭证不能冲销"


async def record(tx: Tx, *, entries: Sequence[Entry]) -> int:
    """Write lines of the sub-ledger, each once per kind and origin; returns how many were new.

    Lines on accounts that must stay above zero are posted at once, the others wait for `post_batches`. Zero fen is
    left out. Refuses EntryContradicts and AccountTooLow; ValueError for negative fen or a missing owner or provider.
    """
    wanted = proven(entries)
    if not wanted:
        return 0
    added = await store.add_entries(tx, wanted)
    if len(added) < len(wanted):
        await _refuse_contradictions(tx, wanted)
    at_once = any(EntryKind(entry.kind) in IMMEDIATE for entry in wanted)
    if added and at_once:
        run_id = await tx.new_id()
        await store.take_into_run(tx, run_id, added)
        await _post_run(tx, run_id)
    return len(added)


async def _refuse_contradictions(tx: Tx, wanted: Sequence[Entry]) -> None:
    stored = await store.entries_like(tx, wanted)
    for entry in wanted:
        row = stored[str(entry.kind), entry.ref_kind, entry.ref_id, entry.part]
        if (row.amount_fen, row.owner_id) != (entry.amount_fen, entry.owner_id):
            facts = {"kind": str(entry.kind), "ref": f"{entry.ref_kind}:{entry.ref_id}:{entry.part}"}
            raise EntryContradicts("recorded before with another amount or owner", stored_fen=row.amount_fen, **facts)


async def post_batches(tx: Tx, *, once_older_than: timedelta = timedelta()) -> int:
    """Carry waiting lines into the ledger, summed by kind, cycle, station and owner; returns the number of batches.

    With an age nothing is done before the oldest waiting line has reached it, so that batches stay few.
    """
    if once_older_than and not await store.waits_since(tx, tx.now - once_older_than):
        return 0
    await store.lock_books(tx)
    run_id = await tx.new_id()
    await store.take_into_run(tx, run_id)
    return await _post_run(tx, run_id)


async def _post_run(tx: Tx, run_id: int) -> int:
    groups = await store.groups_of_run(tx, run_id)
    if not groups:
        return 0
    ids = await tx.new_ids(2 * len(groups))
    batches, transactions, postings = [], [], []
    for group, batch_id, transaction_id in zip(groups, ids[0::2], ids[1::2], strict=True):
        fen = int(group.amount_fen)
        posting = Posting(*ends(group.kind, owner_id=group.owner_id, provider=group.provider), fen)
        parts = {name: getattr(group, name) for name in store.GROUP}
        batches.append(
            {
                "id": batch_id,
                "run_id": run_id,
                **parts,
                "amount_fen": fen,
                "entries": group.entries,
                "transaction_id": transaction_id,
            }
        )
        print_ = fingerprint(group.kind, [posting])
        transactions.append(
            {"id": transaction_id, "kind": group.kind, "key": f"batch:{batch_id}", "fingerprint": print_, "note": ""}
        )
        postings.append((transaction_id, posting))
    await store.add_transactions(tx, transactions)
    await _move(tx, postings)
    await store.add_batches(tx, batches)
    return len(batches)


async def _move(tx: Tx, postings: Sequence[tuple[int, Posting]]) -> None:
    """Write postings of transactions and change the balances they touch; refuses AccountTooLow."""
    grown = deltas(posting for _, posting in postings)
    accounts = await store.accounts_of(tx, grown)
    low = set(await store.move_balances(tx, {accounts[ref]: delta for ref, delta in grown.items()}))
    if low:
        named = [f"{ref.kind}:{ref.owner_id}" for ref, id in accounts.items() if id in low]
        raise AccountTooLow("not enough on " + ", ".join(named), accounts=named)
    rows = [
        {
            "transaction_id": transaction_id, "amount_fen": posting.amount_fen,
            "source_id": accounts[posting.source], "destination_id": accounts[posting.destination],
        }
        for transaction_id, posting in postings
    ]  # fmt: skip
    await store.add_postings(tx, rows)


async def post(
    tx: Tx, *, kind: str, key: str, postings: Sequence[Posting], note: str = "", reverses: int | None = None
) -> int:
    """Post a transaction once per key; returns its id, the earlier one when it was posted before.

    Refuses TransactionKeyReused and AccountTooLow; ValueError without postings or with one that moves nothing.
    """
    if not postings:
        raise ValueError("a transaction moves something")
    print_ = fingerprint(kind, postings)
    row = {"id": await tx.new_id(), "kind": kind, "key": key, "fingerprint": print_, "note": note, "reverses": reverses}
    transaction_id = await store.add_transaction(tx, row)
    if transaction_id is None:
        earlier = await store.transaction_by(tx, key=key)
        if earlier is None or earlier.fingerprint != print_:
            raise TransactionKeyReused("this key stands for another transaction", key=key)
        return earlier.id
    await _move(tx, [(transaction_id, posting) for posting in postings])
    return transaction_id


async def reverse(tx: Tx, *, transaction_id: int, reason: str) -> int:
    """Undo a posted transaction by one that moves everything back; returns its id; twice is once.

    Refuses NoSuchTransaction, NotReversible (batches, reversals) and AccountTooLow.
    """
    found = await store.transaction_by(tx, id=transaction_id)
    if found is None:
        raise NoSuchTransaction(f"no transaction {transaction_id}")
    if found.reverses is not None or await store.is_batch(tx, transaction_id):
        raise NotReversible("correct a batch by a counter-entry; a reversal stays", transaction_id=str(transaction_id))
    postings = [
        Posting(
            AccountRef(AccountKind(row.source_kind), row.source_owner),
            AccountRef(AccountKind(row.destination_kind), row.destination_owner),
            row.amount_fen,
        )
        for row in await store.postings_of(tx, transaction_id)
    ]
    undone = reversed_postings(postings)
    key = f"reverse:{transaction_id}"
    return await post(tx, kind=f"reversed:{found.kind}", key=key, postings=undone, note=reason, reverses=transaction_id)

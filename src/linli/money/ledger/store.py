"""Statements that write the ledger: accounts in id order, transactions once per key, entries once per origin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from linli.money.ledger.model import CHART, IMMEDIATE, AccountRef, Entry
from linli.money.ledger.records import AccountRow, BatchRow, BooksRow, EntryRow, PostingRow, TransactionRow
from linli.platform.database import Tx

MOVE_BALANCES = text(
    "UPDATE money.accounts AS a SET balance_fen = a.balance_fen + d.delta "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:deltas AS bigint[])) AS d(id, delta) "
    "WHERE a.region_id = :region_id AND a.id = d.id AND (NOT a.guarded OR a.balance_fen + d.delta >= 0) RETURNING a.id"
)
GROUP = ("kind", "provider", "cycle_id", "station_id", "owner_id")


async def accounts_of(tx: Tx, refs: Iterable[AccountRef]) -> dict[AccountRef, int]:
    """Return the ids of accounts, opening those that do not exist yet."""
    wanted = sorted(set(refs))
    found = await _find_accounts(tx, wanted)
    missing = [ref for ref in wanted if ref not in found]
    if missing:
        rows = [
            {
                "region_id": tx.region_id, "id": id, "kind": ref.kind.value, "owner_id": ref.owner_id, "balance_fen": 0,
                "side": CHART[ref.kind].side.value, "guarded": CHART[ref.kind].guarded, "opened_at": tx.now,
            }
            for id, ref in zip(await tx.new_ids(len(missing)), missing, strict=True)
        ]  # fmt: skip
        await tx.execute(insert(AccountRow).on_conflict_do_nothing(), rows)
        found |= await _find_accounts(tx, missing)
    return found


async def _find_accounts(tx: Tx, refs: Sequence[AccountRef]) -> dict[AccountRef, int]:
    pairs = {(ref.kind.value, ref.owner_id): ref for ref in refs}
    here = (AccountRow.region_id == tx.region_id, tuple_(AccountRow.kind, AccountRow.owner_id).in_(list(pairs)))
    found = await tx.execute(select(AccountRow.kind, AccountRow.owner_id, AccountRow.id).where(*here))
    return {pairs[row.kind, row.owner_id]: row.id for row in found}


async def move_balances(tx: Tx, deltas: dict[int, int]) -> list[int]:
    """Change balances, locking in id order; returns the guarded accounts that would have gone below zero."""
    ids = sorted(id for id, delta in deltas.items() if delta)
    here = (AccountRow.region_id == tx.region_id, AccountRow.id.in_(ids))
    await tx.execute(select(AccountRow.id).where(*here).order_by(AccountRow.id).with_for_update())
    given = {"region_id": tx.region_id, "ids": ids, "deltas": [deltas[id] for id in ids]}
    moved = {row[0] for row in await tx.execute(MOVE_BALANCES, given)}
    return [id for id in ids if id not in moved]


async def add_transaction(tx: Tx, row: dict[str, Any]) -> int | None:
    """Insert a transaction unless its key exists (waiting for a twin in flight); returns its id, or None."""
    write = insert(TransactionRow).values(region_id=tx.region_id, posted_at=tx.now, by=tx.by, **row)
    added = await tx.execute(write.on_conflict_do_nothing().returning(TransactionRow.id))
    return added.scalar()


async def add_transactions(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert transactions whose keys are known to be new."""
    same = {"region_id": tx.region_id, "posted_at": tx.now, "by": tx.by, "reverses": None}
    await tx.execute(insert(TransactionRow), [{**same, **row} for row in rows])


async def add_postings(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert postings of transactions that were added in this database transaction."""
    ids = await tx.new_ids(len(rows))
    await tx.execute(
        insert(PostingRow), [{"region_id": tx.region_id, "id": id, **row} for id, row in zip(ids, rows, strict=True)]
    )


async def transaction_by(tx: Tx, *, key: str = "", id: int = 0) -> TransactionRow | None:
    """Return a transaction by its key or its id."""
    which = TransactionRow.key == key if key else TransactionRow.id == id
    return await tx.first(select(TransactionRow).where(TransactionRow.region_id == tx.region_id, which))


async def postings_of(tx: Tx, transaction_id: int) -> Sequence[Row[Any]]:
    """Return the postings of a transaction with the kind and owner of both accounts."""
    source, destination = AccountRow.__table__.alias("s"), AccountRow.__table__.alias("d")
    wanted = select(
        PostingRow.amount_fen,
        source.c.kind.label("source_kind"), source.c.owner_id.label("source_owner"),
        destination.c.kind.label("destination_kind"), destination.c.owner_id.label("destination_owner"),
    )  # fmt: skip
    joined = wanted.join(
        source, (source.c.region_id == PostingRow.region_id) & (source.c.id == PostingRow.source_id)
    ).join(
        destination, (destination.c.region_id == PostingRow.region_id) & (destination.c.id == PostingRow.destination_id)
    )
    here = (PostingRow.region_id == tx.region_id, PostingRow.transaction_id == transaction_id)
    return (await tx.execute(joined.where(*here).order_by(PostingRow.id))).all()


async def is_batch(tx: Tx, transaction_id: int) -> bool:
    """Tell whether a transaction carries a batch of the sub-ledger."""
    here = (BatchRow.region_id == tx.region_id, BatchRow.transaction_id == transaction_id)
    return await tx.scalar(select(BatchRow.id).where(*here).limit(1)) is not None


async def add_entries(tx: Tx, entries: Sequence[Entry]) -> list[int]:
    """Insert entries that do not exist yet; returns the ids of the new ones."""
    ids = await tx.new_ids(len(entries))
    rows = [
        {
            "region_id": tx.region_id, "id": id, "kind": str(entry.kind), "amount_fen": entry.amount_fen,
            "cycle_id": entry.cycle_id, "station_id": entry.station_id, "owner_id": entry.owner_id,
            "provider": entry.provider, "ref_kind": entry.ref_kind, "ref_id": entry.ref_id, "part": entry.part,
            "made_at": tx.now, "by": tx.by, "run_id": None,
        }
        for id, entry in zip(ids, entries, strict=True)
    ]  # fmt: skip
    # In the order of the unique key: two callers with the same entries wait for each other instead of deadlocking.
    rows.sort(key=lambda row: (row["kind"], row["ref_kind"], row["ref_id"], row["part"]))
    added: list[int] = []
    for start in range(0, len(rows), 1000):
        write = insert(EntryRow).values(rows[start : start + 1000]).on_conflict_do_nothing().returning(EntryRow.id)
        added += [row[0] for row in await tx.execute(write)]
    return added


async def entries_like(tx: Tx, entries: Sequence[Entry]) -> dict[tuple[str, str, int, str], Row[Any]]:
    """Return the stored entries that have the same kind and origin as the given ones."""
    keys = [(str(entry.kind), entry.ref_kind, entry.ref_id, entry.part) for entry in entries]
    key = tuple_(EntryRow.kind, EntryRow.ref_kind, EntryRow.ref_id, EntryRow.part)
    wanted = select(
        EntryRow.kind, EntryRow.ref_kind, EntryRow.ref_id, EntryRow.part, EntryRow.amount_fen, EntryRow.owner_id
    )
    found = await tx.execute(wanted.where(EntryRow.region_id == tx.region_id, key.in_(keys)))
    return {(row.kind, row.ref_kind, row.ref_id, row.part): row for row in found}


async def lock_books(tx: Tx) -> None:
    """Lock the books of the region until the transaction ends."""
    write = insert(BooksRow).values(region_id=tx.region_id, last_run_at=tx.now)
    await tx.execute(
        write.on_conflict_do_update(index_elements=["region_id"], set_={"last_run_at": write.excluded.last_run_at})
    )


async def take_into_run(tx: Tx, run_id: int, ids: Sequence[int] | None = None) -> None:
    """Name the run that carries entries into the ledger: the given ones, or every one that waits for a batch."""
    which = EntryRow.id.in_(ids) if ids is not None else EntryRow.kind.not_in([kind.value for kind in IMMEDIATE])
    here = (EntryRow.region_id == tx.region_id, EntryRow.run_id.is_(None), which)
    await tx.execute(update(EntryRow).where(*here).values(run_id=run_id))


async def waits_since(tx: Tx, instant: datetime) -> bool:
    """Tell whether a line of the sub-ledger written by an instant waits for its batch."""
    here = (EntryRow.region_id == tx.region_id, EntryRow.run_id.is_(None))
    oldest = await tx.scalar(select(EntryRow.made_at).where(*here).order_by(EntryRow.id).limit(1))
    return oldest is not None and bool(oldest <= instant)


async def groups_of_run(tx: Tx, run_id: int) -> Sequence[Row[Any]]:
    """Return a run's entries summed by kind, provider, cycle, station and owner."""
    by = [getattr(EntryRow, name) for name in GROUP]
    sums = select(*by, func.sum(EntryRow.amount_fen).label("amount_fen"), func.count().label("entries"))
    return (
        await tx.execute(
            sums.where(EntryRow.region_id == tx.region_id, EntryRow.run_id == run_id).group_by(*by).order_by(*by)
        )
    ).all()


async def add_batches(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert the batches of a run."""
    await tx.execute(insert(BatchRow), [{"region_id": tx.region_id, **row} for row in rows])

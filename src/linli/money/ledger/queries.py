"""What the ledger answers: balances, the trial balance as of an instant, and whether all books agree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import select, text

from linli.money.ledger.model import AccountKind, Difference, LedgerCheck, Side, TrialBalance, TrialLine
from linli.money.ledger.records import AccountRow
from linli.money.ledger.rules import ends
from linli.platform.database import Tx

Agreement = Callable[[Tx], Awaitable[list[Difference]]]
agreements: dict[str, Agreement] = {}

# Every statement below reads all it compares at once: one snapshot, so that a posting in flight is no difference.
TOTALS = """
SELECT a.id, a.kind, a.owner_id, a.side, a.balance_fen,
  coalesce(d.fen, 0)::bigint AS debit_fen, coalesce(c.fen, 0)::bigint AS credit_fen
FROM money.accounts a
LEFT JOIN (SELECT p.destination_id AS id, sum(p.amount_fen) AS fen FROM money.postings p
  JOIN money.transactions t ON t.region_id = p.region_id AND t.id = p.transaction_id
  WHERE p.region_id = :region_id AND t.region_id = :region_id AND t.posted_at <= :at GROUP BY 1) d ON d.id = a.id
LEFT JOIN (SELECT p.source_id AS id, sum(p.amount_fen) AS fen FROM money.postings p
  JOIN money.transactions t ON t.region_id = p.region_id AND t.id = p.transaction_id
  WHERE p.region_id = :region_id AND t.region_id = :region_id AND t.posted_at <= :at GROUP BY 1) c ON c.id = a.id
WHERE a.region_id = :region_id ORDER BY a.kind, a.owner_id"""
BATCHES = text("""
SELECT coalesce(b.run_id, e.run_id) AS run_id, coalesce(b.kind, e.kind) AS kind,
  coalesce(e.fen, 0)::bigint AS entries_fen, coalesce(b.amount_fen, 0)::bigint AS batch_fen
FROM (SELECT * FROM money.post_batches WHERE region_id = :region_id) b
FULL JOIN (SELECT run_id, kind, provider, cycle_id, station_id, owner_id, sum(amount_fen) AS fen, count(*) AS pieces
  FROM money.entries WHERE region_id = :region_id AND run_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6) e
ON e.run_id = b.run_id AND e.kind = b.kind AND e.provider = b.provider AND e.cycle_id = b.cycle_id
  AND e.station_id = b.station_id AND e.owner_id = b.owner_id
WHERE b.amount_fen IS DISTINCT FROM e.fen OR b.entries IS DISTINCT FROM e.pieces""")
CARRIED = text("""
SELECT b.kind, b.provider, b.owner_id, s.kind AS source_kind, s.owner_id AS source_owner,
  d.kind AS destination_kind, d.owner_id AS destination_owner,
  sum(b.amount_fen)::bigint AS batch_fen, coalesce(sum(p.amount_fen), 0)::bigint AS posted_fen,
  count(*) FILTER (WHERE p.amount_fen IS DISTINCT FROM b.amount_fen) AS unlike
FROM money.post_batches b
LEFT JOIN money.postings p ON p.region_id = b.region_id AND p.transaction_id = b.transaction_id
LEFT JOIN money.accounts s ON s.region_id = b.region_id AND s.id = p.source_id
LEFT JOIN money.accounts d ON d.region_id = b.region_id AND d.id = p.destination_id
WHERE b.region_id = :region_id GROUP BY 1, 2, 3, 4, 5, 6, 7""")


def register_agreement(name: str, agreement: Agreement) -> None:
    """Add a proof to `check`: an async function of tx that returns where the sub-ledger and a room's own rows differ.

    It should compare within one statement, so that work in flight is not reported.
    """
    agreements[name] = agreement


async def balance(tx: Tx, kind: AccountKind | str, owner_id: int = 0, at: datetime | None = None) -> int:
    """Return an account's posted balance in fen on its normal side, now or as of an instant; 0 when never touched.

    Lines of the sub-ledger that wait for their batch are not in it.
    """
    if at is not None:
        found = [
            line for line in (await trial_balance(tx, at)).lines if (line.kind, line.owner_id) == (str(kind), owner_id)
        ]
        return found[0].balance_fen if found else 0
    here = (AccountRow.region_id == tx.region_id, AccountRow.kind == str(kind), AccountRow.owner_id == owner_id)
    return int(await tx.scalar(select(AccountRow.balance_fen).where(*here)) or 0)


async def trial_balance(tx: Tx, at: datetime | None = None) -> TrialBalance:
    """Return every account with its debits, credits and balance in fen, from the postings up to an instant (now)."""
    until = at or tx.now
    lines = []
    for row in await tx.execute(text(TOTALS), {"region_id": tx.region_id, "at": until}):
        fen = row.debit_fen - row.credit_fen
        own = fen if row.side == Side.DEBIT else -fen
        lines.append(TrialLine(row.kind, row.owner_id, row.side, row.debit_fen, row.credit_fen, own))
    return TrialBalance(
        until, tuple(lines), sum(line.debit_fen for line in lines), sum(line.credit_fen for line in lines)
    )


async def check(tx: Tx) -> LedgerCheck:
    """Prove that debits equal credits, balances their postings, batches their entries, and entries the rooms' rows."""
    books, accounts = await _balances(tx)
    below = [*await _batches(tx), *await _carried(tx)]
    for agreement in agreements.values():
        below += await agreement(tx)
    return LedgerCheck(not books, not below, (*books, *below), accounts)


async def _balances(tx: Tx) -> tuple[list[Difference], int]:
    wrong, debit, credit, accounts = [], 0, 0, 0
    for row in await tx.execute(text(TOTALS.replace(":at", "'infinity'")), {"region_id": tx.region_id}):
        fen = row.debit_fen - row.credit_fen
        own = fen if row.side == Side.DEBIT else -fen
        if own != row.balance_fen:
            wrong.append(
                Difference(
                    "balance of an account is not the sum of its postings",
                    f"{row.kind}:{row.owner_id}",
                    own,
                    row.balance_fen,
                )
            )
        debit, credit = (
            (debit + row.balance_fen, credit) if row.side == Side.DEBIT else (debit, credit + row.balance_fen)
        )
        accounts += 1
    if debit != credit:
        wrong.append(Difference("debit and credit balances differ", "all accounts", debit, credit))
    return wrong, accounts


async def _batches(tx: Tx) -> list[Difference]:
    found = await tx.execute(BATCHES, {"region_id": tx.region_id})
    return [
        Difference("a batch is not the sum of its entries", f"{row.kind}:{row.run_id}", row.entries_fen, row.batch_fen)
        for row in found
    ]


async def _carried(tx: Tx) -> list[Difference]:
    wrong = []
    for row in await tx.execute(CARRIED, {"region_id": tx.region_id}):
        source, destination = ends(row.kind, owner_id=row.owner_id, provider=row.provider)
        right = (row.source_kind, row.source_owner, row.destination_kind, row.destination_owner)
        wanted = (source.kind, source.owner_id, destination.kind, destination.owner_id)
        if row.unlike or right != wanted:
            wrong.append(
                Difference(
                    "a batch and its posting differ", f"{row.kind}:{row.owner_id}", row.batch_fen, row.posted_fen
                )
            )
    return wrong

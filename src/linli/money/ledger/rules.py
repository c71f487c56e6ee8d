"""Which accounts an entry touches, and what a posting does to balances."""

import hashlib
from collections.abc import Iterable, Sequence

from linli.kernel.money import MAX_FEN
from linli.money.ledger.model import CHART, ENTRY_RULES, AccountKind, AccountRef, Entry, EntryKind, Posting, Side


def ends(kind: EntryKind | str, *, owner_id: int = 0, provider: str = "") -> tuple[AccountRef, AccountRef]:
    """Return an entry's source and destination account; ValueError for a missing owner or an unknown provider."""
    rule = ENTRY_RULES[EntryKind(kind)]
    return _account(rule.source, owner_id, provider), _account(rule.destination, owner_id, provider)


def _account(kind: AccountKind | None, owner_id: int, provider: str) -> AccountRef:
    found = AccountKind(f"cash_{provider}") if kind is None else kind
    if not CHART[found].owned:
        return AccountRef(found)
    if owner_id == 0:
        raise ValueError(f"{found} belongs to somebody: the entry must name an owner")
    return AccountRef(found, owner_id)


def proven(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that move something (zero fen is left out); ValueError for one that cannot be."""
    kept = []
    for entry in entries:
        ends(entry.kind, owner_id=entry.owner_id, provider=entry.provider)
        if not 0 <= entry.amount_fen <= MAX_FEN:
            raise ValueError(
                f"{entry.kind} of {entry.amount_fen} fen: an entry is positive, its counterpart takes it back"
            )
        if entry.amount_fen:
            kept.append(entry)
    return kept


def deltas(postings: Iterable[Posting]) -> dict[AccountRef, int]:
    """Return by how many fen each account's balance grows on its normal side."""
    grown: dict[AccountRef, int] = {}
    for posting in postings:
        if posting.source == posting.destination or not 0 < posting.amount_fen <= MAX_FEN:
            raise ValueError(f"a posting moves a positive amount between two accounts, not {posting}")
        for account, side in ((posting.destination, Side.DEBIT), (posting.source, Side.CREDIT)):
            sign = 1 if CHART[account.kind].side is side else -1
            grown[account] = grown.get(account, 0) + sign * posting.amount_fen
    return grown


def reversed_postings(postings: Iterable[Posting]) -> list[Posting]:
    """Return the postings that undo the given ones."""
    return [Posting(posting.destination, posting.source, posting.amount_fen) for posting in postings]


def fingerprint(kind: str, postings: Sequence[Posting]) -> str:
    """Return the print by which a repeated transaction is told from another one under the same key."""
    lines = sorted(
        f"{p.source.kind}/{p.source.owner_id}>{p.destination.kind}/{p.destination.owner_id}={p.amount_fen}"
        for p in postings
    )
    return hashlib.sha256("\n".join([kind, *lines]).encode()).hexdigest()

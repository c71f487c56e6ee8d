"""The provider's own memory: charges, refunds and notices in one SQLite file, or in memory only."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from linli.money.channels.sandbox_wire import ChargeWord, RefundWord

TABLES = """
CREATE TABLE IF NOT EXISTS charges (
    channel_no TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, amount_fen INTEGER NOT NULL, description TEXT NOT NULL,
    expires_at TEXT NOT NULL, notify_url TEXT NOT NULL, state TEXT NOT NULL, provider_no TEXT,
    paid_fen INTEGER NOT NULL, paid_at TEXT);
CREATE TABLE IF NOT EXISTS refunds (
    refund_no TEXT PRIMARY KEY, channel_no TEXT NOT NULL REFERENCES charges, amount_fen INTEGER NOT NULL,
    notify_url TEXT NOT NULL, state TEXT NOT NULL, provider_no TEXT NOT NULL, asked_at TEXT NOT NULL,
    settles_at TEXT NOT NULL, settles_as TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS refunds_of_charge ON refunds (channel_no);
CREATE INDEX IF NOT EXISTS refunds_to_settle ON refunds (settles_at) WHERE state = 'accepted';
CREATE TABLE IF NOT EXISTS notices (
    place INTEGER PRIMARY KEY AUTOINCREMENT, notice_id TEXT NOT NULL, url TEXT NOT NULL, body BLOB NOT NULL,
    due_at TEXT NOT NULL, held_until TEXT, attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending');
CREATE INDEX IF NOT EXISTS notices_due ON notices (due_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS notices_delivered ON notices (place) WHERE state = 'delivered';
"""
DUE = """
SELECT place, notice_id, url, body, attempts FROM notices AS n
WHERE state = 'pending' AND due_at <= :now AND (held_until IS NULL OR held_until <= :now OR attempts > 0
    OR EXISTS (SELECT 1 FROM notices AS later WHERE later.state = 'delivered' AND later.place > n.place))
ORDER BY due_at, place LIMIT :limit
"""
NEXT_DUE = """
SELECT min(at) FROM (
    SELECT min(due_at) AS at FROM notices WHERE state = 'pending' AND (held_until IS NULL OR attempts > 0)
    UNION ALL SELECT min(max(due_at, held_until)) FROM notices WHERE state = 'pending' AND attempts = 0
    UNION ALL SELECT min(settles_at) FROM refunds WHERE state = 'accepted')
"""


@dataclass(frozen=True, slots=True)
class KeptCharge:
    """A charge as the provider remembers it; `paid_fen` is what the payer really gave."""

    channel_no: str
    token: str
    amount_fen: int
    description: str
    expires_at: str
    notify_url: str
    state: ChargeWord
    provider_no: str | None = None
    paid_fen: int = 0
    paid_at: str | None = None


@dataclass(frozen=True, slots=True)
class KeptRefund:
    """A refund as the provider remembers it; it becomes `settles_as` at `settles_at`."""

    refund_no: str
    channel_no: str
    amount_fen: int
    notify_url: str
    state: RefundWord
    provider_no: str
    asked_at: str
    settles_at: str
    settles_as: RefundWord


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A notice on its way."""

    place: int
    notice_id: str
    url: str
    body: bytes
    attempts: int


def stamp(instant: datetime) -> str:
    """An aware instant as UTC text that sorts like time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


class Store:
    """Everything the provider remembers; several processes may share one file."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Statements run one by one on whichever thread serves: SQLite itself takes care of that.
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(TABLES)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """All of it or nothing; whoever else writes waits. Nothing inside may await."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def charge(self, channel_no: str) -> KeptCharge | None:
        """The charge of a number."""
        row = self._db.execute("SELECT * FROM charges WHERE channel_no = ?", (channel_no,)).fetchone()
        return KeptCharge(*row) if row else None

    def charge_of_token(self, token: str) -> KeptCharge | None:
        """The charge a payer's link belongs to."""
        row = self._db.execute("SELECT * FROM charges WHERE token = ?", (token,)).fetchone()
        return KeptCharge(*row) if row else None

    def put_charge(self, charge: KeptCharge) -> None:
        """Remember a charge as it is now."""
        self._put("charges", astuple(charge))

    def refund(self, refund_no: str) -> KeptRefund | None:
        """The refund of a number."""
        row = self._db.execute("SELECT * FROM refunds WHERE refund_no = ?", (refund_no,)).fetchone()
        return KeptRefund(*row) if row else None

    def refunds_of(self, channel_no: str) -> list[KeptRefund]:
        """Every refund of a charge, oldest first."""
        rows = self._db.execute("SELECT * FROM refunds WHERE channel_no = ? ORDER BY asked_at, rowid", (channel_no,))
        return [KeptRefund(*row) for row in rows]

    def refunds_to_settle(self, now: datetime) -> list[KeptRefund]:
        """The accepted refunds whose time has come."""
        sql = "SELECT * FROM refunds WHERE state = 'accepted' AND settles_at <= ? ORDER BY settles_at, refund_no"
        return [KeptRefund(*row) for row in self._db.execute(sql, (stamp(now),))]

    def put_refund(self, refund: KeptRefund) -> None:
        """Remember a refund as it is now."""
        self._put("refunds", astuple(refund))

    def add_notice(self, notice_id: str, url: str, body: bytes, due: datetime, held_until: datetime | None) -> None:
        """Put a notice on its way."""
        held = stamp(held_until) if held_until else None
        sql = "INSERT INTO notices (notice_id, url, body, due_at, held_until) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(sql, (notice_id, url, body, stamp(due), held))

    def due_notices(self, now: datetime, limit: int) -> list[KeptNotice]:
        """The notices to be delivered now, in the order in which they fall due."""
        return [KeptNotice(*row) for row in self._db.execute(DUE, {"now": stamp(now), "limit": limit})]

    def claim_notice(self, notice: KeptNotice, retry_at: datetime) -> bool:
        """Take a notice for one attempt; False if another process has it already."""
        sql = "UPDATE notices SET attempts = attempts + 1, due_at = ? WHERE place = ? AND attempts = ?"
        return self._db.execute(sql, (stamp(retry_at), notice.place, notice.attempts)).rowcount == 1

    def end_notice(self, notice: KeptNotice, state: str) -> None:
        """Mark a notice as delivered or given up."""
        self._db.execute("UPDATE notices SET state = ? WHERE place = ?", (state, notice.place))

    def next_due(self) -> str | None:
        """The instant at which something happens next by itself, as a stamp."""
        at: str | None = self._db.execute(NEXT_DUE).fetchone()[0]
        return at

    def books(self) -> tuple[dict[str, int], dict[str, int]]:
        """What was paid per charge number and given back per refund number, in fen."""
        paid = self._db.execute("SELECT channel_no, paid_fen FROM charges WHERE state = 'paid'").fetchall()
        given_back = self._db.execute("SELECT refund_no, amount_fen FROM refunds WHERE state = 'done'").fetchall()
        return dict(paid), dict(given_back)

    def count_notices(self) -> dict[str, int]:
        """How many notices are pending, delivered and given up."""
        return dict(self._db.execute("SELECT state, count(*) FROM notices GROUP BY state").fetchall())

    def _put(self, table: str, values: tuple[object, ...]) -> None:
        marks = ", ".join("?" * len(values))
        self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)

"""Tables of the ledger: accounts, transactions with their postings, and the sub-ledger with its batches."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeRef, Moment, Ref, RegionId, RowId, table


class AccountRow(Base):
    """An account and its balance in fen on its normal side, kept equal to its postings."""

    __tablename__ = "accounts"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[Ref]
    side: Mapped[str] = mapped_column(Text)
    guarded: Mapped[bool] = mapped_column(Boolean)
    balance_fen: Mapped[FenColumn]
    opened_at: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "kind", "owner_id"),
        CheckConstraint("side IN ('debit', 'credit')", name="side_known"),
        CheckConstraint("NOT guarded OR balance_fen >= 0", name="never_below_zero"),
        table("money", "region"),
    )


class TransactionRow(Base):
    """A transaction: a reason and a key under which it exists once; its postings are two-ended, so it balances."""

    __tablename__ = "transactions"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    reverses: Mapped[MaybeRef]
    posted_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("region_id", "key"),
        UniqueConstraint("region_id", "reverses", name="uq_transactions_reversed_once"),
        ForeignKeyConstraint(["region_id", "reverses"], ["money.transactions.region_id", "money.transactions.id"]),
        Index("ix_transactions_posted_at", "region_id", "posted_at"),
        table("money", "region", append_only=True),
    )


class PostingRow(Base):
    """A positive amount of fen from one account (credit) to another (debit)."""

    __tablename__ = "postings"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    transaction_id: Mapped[Ref]
    source_id: Mapped[Ref]
    destination_id: Mapped[Ref]
    amount_fen: Mapped[FenColumn]
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("source_id <> destination_id", name="two_ends"),
        ForeignKeyConstraint(
            ["region_id", "transaction_id"], ["money.transactions.region_id", "money.transactions.id"]
        ),
        ForeignKeyConstraint(
            ["region_id", "source_id"], ["money.accounts.region_id", "money.accounts.id"], name="fk_postings_source"
        ),
        ForeignKeyConstraint(
            ["region_id", "destination_id"],
            ["money.accounts.region_id", "money.accounts.id"],
            name="fk_postings_destination",
        ),
        Index("ix_postings_transaction", "region_id", "transaction_id"),
        Index("ix_postings_source", "region_id", "source_id"),
        Index("ix_postings_destination", "region_id", "destination_id"),
        table("money", "region", append_only=True),
    )


class EntryRow(Base):
    """One line of the sub-ledger; only `run_id` changes, when a posting run carries it into the ledger."""

    __tablename__ = "entries"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[FenColumn]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    owner_id: Mapped[Ref]
    provider: Mapped[str] = mapped_column(Text)
    ref_kind: Mapped[str] = mapped_column(Text)
    ref_id: Mapped[Ref]
    part: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    run_id: Mapped[int | None] = mapped_column(BigInteger, nullable=True, info={"may_change": True})
    __table_args__ = (
        UniqueConstraint("region_id", "kind", "ref_kind", "ref_id", "part"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        Index("ix_entries_unposted", "region_id", "id", postgresql_where=text("run_id IS NULL")),
        Index("ix_entries_run", "region_id", "run_id"),
        Index("ix_entries_cycle", "region_id", "cycle_id", "kind"),
        table("money", "region", append_only=True),
    )


class BatchRow(Base):
    """The sum of a run's entries of one kind, provider, cycle, station and owner, and the transaction it became."""

    __tablename__ = "post_batches"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    run_id: Mapped[Ref]
    kind: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    owner_id: Mapped[Ref]
    amount_fen: Mapped[FenColumn]
    entries: Mapped[Count]
    transaction_id: Mapped[Ref]
    __table_args__ = (
        UniqueConstraint("region_id", "run_id", "kind", "provider", "cycle_id", "station_id", "owner_id"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        ForeignKeyConstraint(
            ["region_id", "transaction_id"], ["money.transactions.region_id", "money.transactions.id"]
        ),
        table("money", "region", append_only=True),
    )


class BooksRow(Base):
    """The books of a region: the row that a posting run locks, so that two runs follow each other."""

    __tablename__ = "books"
    region_id: Mapped[RegionId]
    last_run_at: Mapped[Moment]
    __table_args__ = (table("money", "region"),)

"""Tables of reconciliation: which bills were taken in, their lines, and the differences found."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeMoment, MaybeRef, Moment, RegionId, RowId, table


class BillRow(Base):
    """The bill of a channel's day: in region 0 that it was wanted and taken in, in a region that it was compared."""

    __tablename__ = "bills"
    region_id: Mapped[RegionId]
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    digest: Mapped[str] = mapped_column(Text)
    lines: Mapped[Count]
    wanted_at: Mapped[Moment]
    done_at: Mapped[MaybeMoment]
    __table_args__ = (table("money", "region"),)


class BillLineRow(Base):
    """One line of a bill, in the region of its number (0 when the number is not ours)."""

    __tablename__ = "bill_lines"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    channel: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    row_no: Mapped[int] = mapped_column(BigInteger)
    of: Mapped[str] = mapped_column(Text)
    provider_no: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[FenColumn]
    fee_fen: Mapped[FenColumn]
    state: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "channel", "kind", "number"),
        CheckConstraint("amount_fen >= 0", name="amount_not_negative"),
        Index("ix_bill_lines_day", "region_id", "channel", "day", "id"),
        table("money", "region", append_only=True),
    )


class DifferenceRow(Base):
    """A difference as a work item: what stands in our books, what in the bill, in fen."""

    __tablename__ = "bill_differences"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    state: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    ours_fen: Mapped[MaybeRef]
    theirs_fen: Mapped[MaybeRef]
    made_at: Mapped[Moment]
    ended_at: Mapped[MaybeMoment]
    ended_by: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("region_id", "channel", "kind", "number", "cause"),
        Index("ix_bill_differences_state", "region_id", "state", "id"),
        table("money", "region"),
    )

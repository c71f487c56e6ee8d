"""Tables of statements: the weeks a region settled, and each leader's statement."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, Moment, Ref, RegionId, RowId, table


class SettledWeek(Base):
    """That a region's week was settled: the key that makes twice once."""

    __tablename__ = "settled_weeks"
    region_id: Mapped[RegionId]
    week: Mapped[str] = mapped_column(Text, primary_key=True)
    settled_at: Mapped[Moment]
    statements: Mapped[Count]
    __table_args__ = (table("settlement", "region"),)


class Statement(Base):
    """What became available to a leader with one week's settlement, in fen; it is never changed."""

    __tablename__ = "statements"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    leader_id: Mapped[Ref]
    week: Mapped[str] = mapped_column(Text)
    lines: Mapped[Count]
    released_fen: Mapped[FenColumn]
    recovered_fen: Mapped[FenColumn]
    made_at: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "leader_id", "week"),
        CheckConstraint("released_fen >= 0 AND recovered_fen BETWEEN 0 AND released_fen", name="amounts_possible"),
        table("settlement", "region", append_only=True),
    )

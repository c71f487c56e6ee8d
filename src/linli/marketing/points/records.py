"""Tables of points: purses with what is left, and the movements that made it so."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, FenColumn, MaybeRef, Moment, Ref, RegionId, RowId, table


class Purse(Base):
    """What a member has of the points that expire after a day."""

    __tablename__ = "purses"
    region_id: Mapped[RegionId]
    member_id: Mapped[RowId]
    expires_on: Mapped[date] = mapped_column(Date, primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("points >= 0", name="never_below_zero"),
        Index("ix_purses_expiry", "region_id", "expires_on", postgresql_where=text("points > 0")),
        table("marketing", "region"),
    )


class PointsMovement(Base):
    """One movement of points into (or, below zero, out of) a purse; `fen` is the money that it answers."""

    __tablename__ = "point_movements"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    member_id: Mapped[Ref]
    kind: Mapped[str] = mapped_column(Text)
    points: Mapped[int] = mapped_column(BigInteger)
    expires_on: Mapped[date] = mapped_column(Date)
    order_id: Mapped[MaybeRef]
    fen: Mapped[FenColumn]
    ref: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("region_id", "ref", "expires_on"),
        Index("ix_point_movements_member", "region_id", "member_id", "id"),
        Index("ix_point_movements_order", "region_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        table("marketing", "region", append_only=True),
    )

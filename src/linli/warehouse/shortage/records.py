"""The tables of shortages: what was missing, and what every short line got and why."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, BizDate, Count, FenColumn, Moment, Ref, RegionId, RowId, table


class Allocation(Base):
    """That what arrived for a cycle was given out, once."""

    __tablename__ = "allocations"
    region_id: Mapped[RegionId]
    cycle_id: Mapped[RowId]
    skus: Mapped[Count]
    lines: Mapped[Count]
    refunded_fen: Mapped[FenColumn]
    allocated_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("skus >= 0 AND lines >= 0 AND refunded_fen >= 0", name="counts"),
        table("warehouse", "region", append_only=True),
    )


class Shortage(Base):
    """Pieces of a sku that a cycle lacked."""

    __tablename__ = "shortages"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    offer_id: Mapped[Ref]
    sku_id: Mapped[Ref]
    source: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    wanted: Mapped[Count]
    available: Mapped[Count]
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("available >= 0 AND wanted > available", name="lacks_something"),
        Index(None, "region_id", "cycle_id", "sku_id"),
        table("warehouse", "region", daily=True, append_only=True),
    )


class ShortLine(Base):
    """An order line that got less than it wanted."""

    __tablename__ = "short_lines"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    shortage_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    line_id: Mapped[Ref]
    order_id: Mapped[Ref]
    member_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    station_id: Mapped[Ref]
    sku_id: Mapped[Ref]
    source: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    wanted: Mapped[Count]
    given: Mapped[Count]
    short: Mapped[Count]
    refunded_fen: Mapped[FenColumn]
    why: Mapped[str] = mapped_column(Text)
    allocated_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("given >= 0 AND short > 0 AND given + short = wanted", name="adds_up"),
        CheckConstraint("refunded_fen >= 0", name="refund"),
        Index("uq_short_lines_once", "region_id", "biz_date", "shortage_id", "line_id", unique=True),
        Index(None, "region_id", "line_id"),
        Index(None, "region_id", "cycle_id", "id"),
        table("warehouse", "region", daily=True, append_only=True),
    )

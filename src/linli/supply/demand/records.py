"""The tables of frozen demand; nothing in them is ever changed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, BizDate, Count, Moment, Ref, RegionId, RowId, table


class Demand(Base):
    """That the demand of a cycle was frozen, once."""

    __tablename__ = "demands"
    region_id: Mapped[RegionId]
    cycle_id: Mapped[RowId]
    lines: Mapped[Count]
    pieces: Mapped[Ref]
    digest: Mapped[str] = mapped_column(Text)
    frozen_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("lines >= 0 AND pieces >= lines", name="counts"),
        table("supply", "region", append_only=True),
    )


class DemandLine(Base):
    """How many pieces of an offer a station wants."""

    __tablename__ = "demand_lines"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    offer_id: Mapped[Ref]
    sku_id: Mapped[Ref]
    quantity: Mapped[Count]
    orders: Mapped[Count]
    __table_args__ = (
        CheckConstraint("quantity > 0 AND orders > 0", name="wants_something"),
        table("supply", "region", daily=True, append_only=True),
    )

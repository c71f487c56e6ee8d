"""The table of pickups: who handed what over, when; rows are never changed."""

from __future__ import annotations

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, BizDate, Json, Moment, Ref, RegionId, RowId, table


class Pickup(Base):
    """Goods of an order handed to the member; `pieces` are line id → pieces."""

    __tablename__ = "pickups"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    order_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[Moment]
    how: Mapped[str] = mapped_column(Text)
    pieces: Mapped[Json]
    __table_args__ = (
        Index("ix_pickups_order", "region_id", "biz_date", "order_id"),
        table("fulfilment", "region", daily=True, append_only=True),
    )

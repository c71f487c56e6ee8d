"""Tables of parcels and of who read where they go."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Json, MaybeMoment, Moment, Ref, RegionId, RowId, table


class Parcel(Base):
    """A parcel that a supplier sent to a member; `pieces` are line id → pieces."""

    __tablename__ = "parcels"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    order_id: Mapped[Ref]
    supplier_id: Mapped[Ref]
    member_id: Mapped[Ref]
    carrier: Mapped[str] = mapped_column(Text)
    tracking: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    pieces: Mapped[Json]
    sent_at: Mapped[Moment]
    received_at: Mapped[MaybeMoment]
    receive_by: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "order_id", "carrier", "tracking"),
        CheckConstraint("(state = 'received') = (received_at IS NOT NULL)", name="received_at"),
        Index("ix_parcels_under_way", "region_id", "receive_by", postgresql_where=text("received_at IS NULL")),
        table("fulfilment", "region"),
    )


class AddressRead(Base):
    """That somebody of a supplier read where an order goes; rows are never changed."""

    __tablename__ = "address_reads"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    order_id: Mapped[Ref]
    supplier_id: Mapped[Ref]
    at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        Index(None, "region_id", "order_id"),
        table("fulfilment", "region", append_only=True),
    )

"""The table of handovers."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, MaybeMoment, MaybeRef, Ref, RegionId, RowId, table


class Handover(Base):
    """What one station gets in one cycle, and who counted what."""

    __tablename__ = "handovers"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    mode: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    expected_totes: Mapped[Count]
    expected_pieces: Mapped[Count]
    driver_id: Mapped[MaybeRef]
    driver_totes: Mapped[int | None]
    leader_totes: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text)
    delivered_at: Mapped[MaybeMoment]
    received_at: Mapped[MaybeMoment]
    __table_args__ = (
        UniqueConstraint("region_id", "cycle_id", "station_id"),
        CheckConstraint("driver_totes >= 0 AND leader_totes >= 0", name="counts_not_negative"),
        Index("ix_handovers_leader", "region_id", "leader_id", "id"),
        table("fulfilment", "region"),
    )

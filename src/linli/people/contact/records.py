"""The inbox: one row per message that a person was told."""

from __future__ import annotations

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Json, MaybeMoment, Moment, RegionId, RowId, table


class NoticeRow(Base):
    """One message to one recipient (`member:ID`, `leader:ID`, `supplier:ID`, `driver:ID`, `staff:ROLE`)."""

    __tablename__ = "notices"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    recipient: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    facts: Mapped[Json]
    made_at: Mapped[Moment]
    read_at: Mapped[MaybeMoment]
    __table_args__ = (Index(None, "region_id", "recipient", "id"), table("people", "region"))

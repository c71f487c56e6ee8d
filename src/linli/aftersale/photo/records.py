"""The table of photos; only those listed here are shown to anybody."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, MaybeRef, Moment, Ref, RegionId, table


class Photo(Base):
    """A stored photo of a member, and the one case that it is evidence of."""

    __tablename__ = "photos"
    region_id: Mapped[RegionId]
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[Ref]
    case_id: Mapped[MaybeRef]
    made_at: Mapped[Moment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "case_id"], ["aftersale.cases.region_id", "aftersale.cases.id"]),
        Index(None, "region_id", "member_id", "made_at"),
        Index(None, "region_id", "case_id"),
        table("aftersale", "region"),
    )

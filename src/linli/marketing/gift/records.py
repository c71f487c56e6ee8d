"""Tables of gift campaigns and of who took a gift."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, FenColumn, JsonList, MaybeMoment, Moment, Ref, RegionId, RowId, table


class Gift(Base):
    """A gift campaign: which gift offers are free from which amount on."""

    __tablename__ = "gifts"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    title: Mapped[str] = mapped_column(Text)
    offer_ids: Mapped[JsonList]
    threshold_fen: Mapped[FenColumn]
    newcomers_only: Mapped[bool]
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stopped_at: Mapped[MaybeMoment]
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("threshold_fen >= 0", name="threshold_not_negative"),
        table("marketing", "region"),
    )


class GiftTaking(Base):
    """That a member takes a campaign's gift with an order: the key makes it one per member and campaign."""

    __tablename__ = "gift_takings"
    region_id: Mapped[RegionId]
    gift_id: Mapped[RowId]
    member_id: Mapped[RowId]
    order_id: Mapped[Ref]
    worth_fen: Mapped[FenColumn]
    at: Mapped[Moment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "gift_id"], ["marketing.gifts.region_id", "marketing.gifts.id"]),
        Index(None, "region_id", "order_id"),
        table("marketing", "region"),
    )

"""Tables of campaigns and of what each order took of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import (
    Base,
    BizDate,
    FenColumn,
    Json,
    JsonList,
    MaybeMoment,
    Moment,
    Ref,
    RegionId,
    RowId,
    table,
)

MaybeFen = Annotated[int | None, mapped_column(BigInteger, nullable=True)]


class Campaign(Base):
    """A campaign with its published rules; `taken_fen` is counted where there is a budget."""

    __tablename__ = "campaigns"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    rungs: Mapped[JsonList]
    every: Mapped[bool]
    tiers: Mapped[Json]
    category_ids: Mapped[JsonList]
    offer_ids: Mapped[JsonList]
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stopped_at: Mapped[MaybeMoment]
    budget_fen: Mapped[MaybeFen]
    taken_fen: Mapped[FenColumn]
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint(
            "taken_fen >= 0 AND (budget_fen IS NULL OR taken_fen <= budget_fen)", name="taken_within_budget"
        ),
        Index("ix_campaigns_running", "region_id", "ends_at", postgresql_where=text("stopped_at IS NULL")),
        table("marketing", "region"),
    )


class CampaignUse(Base):
    """What an order took of a campaign, until it was given back."""

    __tablename__ = "campaign_uses"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    order_id: Mapped[RowId]
    campaign_id: Mapped[RowId]
    member_id: Mapped[Ref]
    taken_fen: Mapped[FenColumn]
    given_back_at: Mapped[MaybeMoment]
    __table_args__ = (
        CheckConstraint("taken_fen > 0", name="takes_something"),
        Index("ix_campaign_uses_campaign", "region_id", "biz_date", "campaign_id"),
        table("marketing", "region", daily=True),
    )

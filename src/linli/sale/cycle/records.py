"""The table of cycles."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, JsonList, MaybeMoment, Moment, RegionId, RowId, table


class Cycle(Base):
    """A cycle; the instants are copies, so that a changed clock never moves what was promised."""

    __tablename__ = "cycles"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    delivery_date: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    station_ids: Mapped[JsonList]
    timezone: Mapped[str] = mapped_column(Text)
    publish_at: Mapped[Moment]
    opens_at: Mapped[Moment]
    cut_off_at: Mapped[Moment]
    grace_until: Mapped[Moment]
    demand_at: Mapped[Moment]
    supplier_arrival: Mapped[Moment]
    sorted_by: Mapped[Moment]
    promised_from: Mapped[Moment]
    delivered_by: Mapped[Moment]
    day_settled: Mapped[Moment]
    reminder_next: Mapped[Moment]
    uncollected_policy: Mapped[Moment]
    hold_minutes: Mapped[Count]
    hold_minutes_last_hour: Mapped[Count]
    grace_minutes: Mapped[Count]
    closings: Mapped[Count]
    closed_at: Mapped[MaybeMoment]
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("opens_at < cut_off_at AND cut_off_at <= grace_until", name="opens_before_cut_off"),
        CheckConstraint("grace_until <= demand_at AND demand_at < supplier_arrival", name="demand_after_grace"),
        CheckConstraint("scope IN ('region', 'stations')", name="scope_known"),
        CheckConstraint("closings >= 0", name="closings_not_negative"),
        # One cycle of the whole region a day; cycles of named stations may stand beside it.
        Index(
            "uq_cycles_region_day", "region_id", "delivery_date", unique=True, postgresql_where=text("scope = 'region'")
        ),
        Index("ix_cycles_draft", "region_id", "opens_at", postgresql_where=text("state = 'draft'")),
        Index("ix_cycles_open", "region_id", "cut_off_at", postgresql_where=text("state = 'open'")),
        Index(None, "region_id", "delivery_date"),
        table("sale", "region"),
    )

"""The counters of what each member took of each limited offer."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, RegionId, RowId, table


class Taking(Base):
    """How much one member holds of one offer that limits what a member may take: in the cycle, and on the latest day.

    `most` and `most_today` are the offer's limits, None for unlimited; only limited offers are counted here.
    """

    __tablename__ = "takings"
    region_id: Mapped[RegionId]
    offer_id: Mapped[RowId]
    member_id: Mapped[RowId]
    taken: Mapped[Count]
    most: Mapped[int | None]
    day: Mapped[date] = mapped_column(Date)
    taken_today: Mapped[Count]
    most_today: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("taken >= 0 AND taken_today >= 0", name="taken_not_negative"),
        CheckConstraint("most IS NULL OR taken <= most", name="never_beyond_limit"),
        CheckConstraint("most_today IS NULL OR taken_today <= most_today", name="never_beyond_day_limit"),
        table("sale", "region"),
    )

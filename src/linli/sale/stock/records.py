"""The counters of what each member took of each offer."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from linli.platform.manifest import Base, Count, RegionId, RowId, table


class Taking(Base):
    """How much one member holds of one offer; `most` is the offer's limit for a member, None for unlimited."""

    __tablename__ = "takings"
    region_id: Mapped[RegionId]
    offer_id: Mapped[RowId]
    member_id: Mapped[RowId]
    taken: Mapped[Count]
    most: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("taken >= 0", name="taken_not_negative"),
        CheckConstraint("most IS NULL OR taken <= most", name="never_beyond_limit"),
        table("sale", "region"),
    )

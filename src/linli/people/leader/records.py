"""Leaders."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Moment, Ref, RegionId, RowId, table


class LeaderRow(Base):
    """Somebody who runs stations in the region."""

    __tablename__ = "leaders"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    account_id: Mapped[Ref]
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    phone_tail: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "account_id"),
        CheckConstraint("level IN ('normal', 'gold', 'regional')", "level_is_known"),
        table("people", "region"),
    )

"""The table of steps: the row that is locked while a step is taken, so that no two workers take it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, MaybeMoment, Moment, Ref, RegionId, RowId, table


class StepRow(Base):
    """A step of a cycle's night."""

    __tablename__ = "steps"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    step: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    planned_at: Mapped[Moment]
    done_at: Mapped[MaybeMoment]
    rows: Mapped[Ref]
    millis: Mapped[Ref]
    __table_args__ = (
        UniqueConstraint("region_id", "cycle_id", "step"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at_an_instant"),
        CheckConstraint("rows >= 0 AND millis >= 0", name="counts"),
        table("supply", "region"),
    )

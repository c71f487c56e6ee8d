"""The table of vehicles."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, Grams, Ref, RegionId, RowId, table


class Vehicle(Base):
    """A vehicle of a region."""

    __tablename__ = "vehicles"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    plate: Mapped[str] = mapped_column(Text)
    capacity_g: Mapped[Grams]
    capacity_ml: Mapped[Grams]
    chilled: Mapped[bool]
    driver_id: Mapped[Ref]
    shift_from: Mapped[Count]
    shift_until: Mapped[Count]
    active: Mapped[bool]
    __table_args__ = (
        UniqueConstraint("region_id", "plate"),
        CheckConstraint("capacity_g > 0 AND capacity_ml > 0", name="carries_something"),
        CheckConstraint("0 <= shift_from AND shift_from < shift_until AND shift_until <= 1440", name="shift_possible"),
        table("fulfilment", "region"),
    )

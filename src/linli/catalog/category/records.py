"""The table of categories."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, JsonList, MaybeRef, Moment, RowId, table


class Category(Base):
    """A kind of goods, below another one or at the top."""

    __tablename__ = "categories"
    id: Mapped[RowId]
    parent_id: Mapped[MaybeRef] = mapped_column(ForeignKey("catalog.categories.id"))
    name: Mapped[str] = mapped_column(Text)
    nature: Mapped[str] = mapped_column(Text)
    storage_class: Mapped[str] = mapped_column(Text)
    commission_bp: Mapped[Count]
    quality_window_hours: Mapped[Count]
    order_window_hours: Mapped[Count]
    required_fields: Mapped[JsonList]
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("commission_bp BETWEEN 0 AND 10000", name="commission_possible"),
        CheckConstraint("quality_window_hours >= 0 AND order_window_hours >= 0", name="windows_not_negative"),
        CheckConstraint("storage_class IN ('ambient', 'chilled', 'frozen')", name="storage_class_known"),
        CheckConstraint("nature IN ('fresh', 'daily', 'other')", name="nature_known"),
        CheckConstraint("parent_id <> id", name="not_below_itself"),
        Index("uq_categories_name", text("coalesce(parent_id, 0)"), "name", unique=True),
        table("catalog", "reference"),
    )

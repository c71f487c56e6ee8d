"""The table of assets."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, Moment, table


class Asset(Base):
    """A picture or video in the storage; only files listed here are shown to anybody."""

    __tablename__ = "assets"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    bytes: Mapped[Count]
    width: Mapped[Count]
    height: Mapped[Count]
    milliseconds: Mapped[Count]
    by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("kind IN ('picture', 'video')", name="kind_known"),
        CheckConstraint("bytes > 0", name="not_empty"),
        table("catalog", "reference", append_only=True),
    )

"""The tables of reference prices and of scores given."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, FenColumn, Json, Moment, Ref, RowId, table


class ReferencePrice(Base):
    """What a sku cost somewhere else at an instant; a newer look is another row."""

    __tablename__ = "reference_prices"
    id: Mapped[RowId]
    sku_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.skus.id"))
    price_fen: Mapped[FenColumn]
    source: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price_positive"),
        CheckConstraint("source <> '' AND evidence <> ''", name="proven"),
        CheckConstraint("seen_at <= made_at", name="seen_before_written"),
        Index(None, "sku_id", "seen_at"),
        table("catalog", "reference", append_only=True),
    )


class Selection(Base):
    """A score as it was given, with everything it was worked out from."""

    __tablename__ = "selections"
    id: Mapped[RowId]
    sku_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.skus.id"))
    price_fen: Mapped[FenColumn]
    candidate: Mapped[Json]
    score: Mapped[Json]
    by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price_positive"),
        Index(None, "sku_id", "id"),
        table("catalog", "reference", append_only=True),
    )

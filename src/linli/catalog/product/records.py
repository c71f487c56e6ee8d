"""The tables of products, their sizes and pictures."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, Grams, JsonList, Moment, Ref, RowId, table


class Product(Base):
    """Goods as a buyer knows them, without size."""

    __tablename__ = "products"
    id: Mapped[RowId]
    category_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.categories.id"))
    name: Mapped[str] = mapped_column(Text)
    other_names: Mapped[str] = mapped_column(Text)  # pinyin, initials, dialect: found by search, never shown
    origin: Mapped[str] = mapped_column(Text)
    grade: Mapped[str] = mapped_column(Text)
    shelf_life_days: Mapped[int | None]
    quality_standard: Mapped[str] = mapped_column(Text)
    share_copy: Mapped[str] = mapped_column(Text)
    pictures: Mapped[JsonList]
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("shelf_life_days > 0", name="shelf_life_positive"),
        UniqueConstraint("category_id", "name"),
        table("catalog", "reference"),
    )


class Sku(Base):
    """One size of a product: what is ordered, bought, sorted and handed over."""

    __tablename__ = "skus"
    id: Mapped[RowId]
    product_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.products.id"))
    spec: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    barcode: Mapped[str] = mapped_column(Text)
    net_g: Mapped[Grams]
    gross_g: Mapped[Grams]
    volume_ml: Mapped[Count]
    weighed: Mapped[bool]
    active: Mapped[bool]
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("net_g >= 0 AND gross_g > 0 AND net_g <= gross_g", name="weights_possible"),
        CheckConstraint("volume_ml >= 0", name="volume_not_negative"),
        UniqueConstraint("product_id", "spec"),
        Index("uq_skus_barcode", "barcode", unique=True, postgresql_where=text("barcode <> ''")),
        table("catalog", "reference"),
    )


class Picture(Base):
    """A product picture in the storage; only pictures listed here are shown to anybody."""

    __tablename__ = "pictures"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (table("catalog", "reference"),)

"""The tables of products, their sizes and licences."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, Grams, Json, JsonList, MaybeMoment, Moment, Ref, RowId, table


class Product(Base):
    """Goods as a buyer knows them, without size."""

    __tablename__ = "products"
    id: Mapped[RowId]
    category_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.categories.id"))
    code: Mapped[str] = mapped_column(Text)  # the number it has in the buyer's own lists
    name: Mapped[str] = mapped_column(Text)
    other_names: Mapped[str] = mapped_column(Text)  # dialect, brand, misspelling: found by search, never shown
    pinyin: Mapped[str] = mapped_column(Text)
    initials: Mapped[str] = mapped_column(Text)
    tokens: Mapped[str] = mapped_column(TSVECTOR)
    origin: Mapped[str] = mapped_column(Text)
    grade: Mapped[str] = mapped_column(Text)
    shelf_life_days: Mapped[int | None]
    quality_standard: Mapped[str] = mapped_column(Text)
    share_copy: Mapped[str] = mapped_column(Text)
    pictures: Mapped[JsonList]
    videos: Mapped[JsonList]
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("shelf_life_days > 0", name="shelf_life_positive"),
        UniqueConstraint("category_id", "name"),
        Index("uq_products_code", "code", unique=True, postgresql_where=text("code <> ''")),
        Index("ix_products_tokens", "tokens", postgresql_using="gin"),
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
    pack_size: Mapped[Count]
    weighed: Mapped[bool]
    estimate_g: Mapped[Grams]
    least_g: Mapped[Grams]
    most_g: Mapped[Grams]
    spec_values: Mapped[Json]
    active: Mapped[bool]
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("net_g >= 0 AND gross_g > 0 AND net_g <= gross_g", name="weights_possible"),
        CheckConstraint("volume_ml >= 0", name="volume_not_negative"),
        CheckConstraint("pack_size > 0", name="pack_positive"),
        CheckConstraint("0 <= least_g AND least_g <= estimate_g AND estimate_g <= most_g", name="band_possible"),
        CheckConstraint("weighed = (least_g > 0) AND weighed = (most_g > 0)", name="weighed_by_estimate"),
        UniqueConstraint("product_id", "spec"),
        Index("uq_skus_barcode", "barcode", unique=True, postgresql_where=text("barcode <> ''")),
        table("catalog", "reference"),
    )


class Licence(Base):
    """A licence of a product; a wrong one is withdrawn, a newer one is another row."""

    __tablename__ = "licences"
    id: Mapped[RowId]
    product_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.products.id"))
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    valid_until: Mapped[date] = mapped_column(Date)
    picture: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    withdrawn_at: Mapped[MaybeMoment] = mapped_column(info={"may_change": True})
    withdrawn_by: Mapped[str] = mapped_column(Text, info={"may_change": True})
    __table_args__ = (
        UniqueConstraint("product_id", "kind", "number"),
        table("catalog", "reference", append_only=True),
    )

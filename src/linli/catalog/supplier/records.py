"""The tables of suppliers and of their dated terms."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, Moment, Ref, RowId, table


class Supplier(Base):
    """Somebody who delivers goods."""

    __tablename__ = "suppliers"
    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    active: Mapped[bool]
    made_at: Mapped[Moment]
    __table_args__ = (UniqueConstraint("name"), table("catalog", "reference"))


class Supply(Base):
    """The terms of a supplier for a sku from an instant on; a later row replaces an earlier one."""

    __tablename__ = "supplies"
    id: Mapped[RowId]
    supplier_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.suppliers.id"))
    sku_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.skus.id"))
    valid_from: Mapped[Moment]
    price_fen: Mapped[FenColumn]
    pack_size: Mapped[Count]
    minimum_packs: Mapped[Count]
    capacity_per_day: Mapped[int | None]
    available: Mapped[bool]
    by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("price_fen >= 0", name="price_not_negative"),
        CheckConstraint("pack_size > 0 AND minimum_packs > 0", name="packs_positive"),
        CheckConstraint("capacity_per_day >= pack_size", name="capacity_of_a_pack"),
        UniqueConstraint("supplier_id", "sku_id", "valid_from"),
        Index(None, "sku_id", "supplier_id", "valid_from"),
        table("catalog", "reference"),
    )

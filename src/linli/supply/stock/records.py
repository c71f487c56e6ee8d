"""The tables of stock: movements for ever, and the balance of each sku."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, Moment, Ref, RegionId, RowId, table


class StockBalance(Base):
    """Free pieces of a sku in the region's warehouse: the sum of its movements."""

    __tablename__ = "stock_balances"
    region_id: Mapped[RegionId]
    sku_id: Mapped[RowId]
    on_hand: Mapped[Count]
    __table_args__ = (CheckConstraint("on_hand >= 0", name="never_negative"), table("supply", "region"))


class StockMovement(Base):
    """One movement; never changed, undone only by another one."""

    __tablename__ = "stock_movements"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(Text)
    sku_id: Mapped[Ref]
    quantity: Mapped[Count]
    ref_kind: Mapped[str] = mapped_column(Text)
    ref_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    lot: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("quantity <> 0", name="moves_something"),
        UniqueConstraint("region_id", "kind", "ref_kind", "ref_id", "sku_id"),
        Index(None, "region_id", "sku_id", "id"),
        table("supply", "region", append_only=True),
    )

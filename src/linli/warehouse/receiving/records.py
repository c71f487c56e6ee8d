"""The tables of receiving: signed receipts, and that a cycle's receiving is over."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, MaybeRef, Moment, Ref, RegionId, RowId, table


class Receipt(Base):
    """A signed statement of what arrived for a purchase order."""

    __tablename__ = "receipts"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    po_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    supplier_id: Mapped[Ref]
    corrects: Mapped[MaybeRef]
    signed_by: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    received_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "po_id"], ["supply.purchase_orders.region_id", "supply.purchase_orders.id"]),
        CheckConstraint("signed_by <> ''", name="signed"),
        Index(None, "region_id", "po_id", "id"),
        table("warehouse", "region", append_only=True),
    )


class ReceiptLine(Base):
    """What a receipt says of one sku and lot; a correction writes the difference, which may be negative."""

    __tablename__ = "receipt_lines"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    receipt_id: Mapped[Ref]
    po_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    sku_id: Mapped[Ref]
    accepted: Mapped[Count]
    short: Mapped[Count]
    rejected: Mapped[Count]
    over: Mapped[Count]
    reason: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text)
    produced_on: Mapped[date | None] = mapped_column(Date)
    expires_on: Mapped[date | None] = mapped_column(Date)
    temperature_tenths: Mapped[int | None] = mapped_column(Integer)
    alarm: Mapped[bool] = mapped_column(Boolean)
    correction: Mapped[bool] = mapped_column(Boolean)
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "receipt_id"], ["warehouse.receipts.region_id", "warehouse.receipts.id"]),
        CheckConstraint(
            "correction OR (accepted >= 0 AND short >= 0 AND rejected >= 0 AND over >= 0)",
            name="only_corrections_shrink",
        ),
        CheckConstraint("rejected <= 0 OR reason <> ''", name="rejected_for_a_reason"),
        Index(None, "region_id", "receipt_id"),
        Index(None, "region_id", "cycle_id", "sku_id"),
        table("warehouse", "region", append_only=True),
    )


class Receiving(Base):
    """That everything a cycle ordered has arrived or is known not to come."""

    __tablename__ = "receivings"
    region_id: Mapped[RegionId]
    cycle_id: Mapped[RowId]
    finished_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (table("warehouse", "region", append_only=True),)

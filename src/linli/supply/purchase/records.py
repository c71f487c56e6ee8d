"""The tables of buying: what each sku needs, purchase orders and their lines; the sums are constraints."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeMoment, Moment, Ref, RegionId, RowId, table


class SkuNeed(Base):
    """How a cycle's demand of a sku is met: from stock, by packs, and what the packs bring beyond it."""

    __tablename__ = "sku_needs"
    region_id: Mapped[RegionId]
    cycle_id: Mapped[RowId]
    sku_id: Mapped[RowId]
    offer_id: Mapped[Ref]
    supplier_id: Mapped[Ref]
    demand: Mapped[Count]
    stock_used: Mapped[Count]
    packs: Mapped[Count]
    pack_size: Mapped[Count]
    ordered: Mapped[Count]
    rounding: Mapped[Count]
    __table_args__ = (
        CheckConstraint("demand > 0 AND stock_used BETWEEN 0 AND demand", name="stock_within_demand"),
        CheckConstraint("rounding >= 0 AND ordered = demand - stock_used + rounding", name="adds_up"),
        CheckConstraint("pack_size > 0 AND ordered = packs * pack_size", name="whole_packs"),
        table("supply", "region", append_only=True),
    )


class PurchaseOrder(Base):
    """What is ordered from one supplier for one cycle."""

    __tablename__ = "purchase_orders"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    supplier_id: Mapped[Ref]
    supplier_name: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    version: Mapped[Count]
    state: Mapped[str] = mapped_column(Text)
    delivery_date: Mapped[date] = mapped_column(Date)
    deliver_by: Mapped[Moment]
    total_fen: Mapped[FenColumn]
    made_at: Mapped[Moment]
    sent_at: Mapped[MaybeMoment]
    confirmed_at: Mapped[MaybeMoment]
    received_at: Mapped[MaybeMoment]
    __table_args__ = (
        CheckConstraint("total_fen >= 0", name="total"),
        CheckConstraint("version > 0", name="version"),
        UniqueConstraint("region_id", "cycle_id", "supplier_id"),
        UniqueConstraint("region_id", "number"),
        Index(None, "region_id", "supplier_id", "id"),
        table("supply", "region"),
    )


class PurchaseLine(Base):
    """One sku of a purchase order: what was ordered never changes, what became of it is counted by the receipts."""

    __tablename__ = "purchase_lines"
    region_id: Mapped[RegionId]
    po_id: Mapped[RowId]
    sku_id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    offer_id: Mapped[Ref]
    name: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    barcode: Mapped[str] = mapped_column(Text)
    storage_class: Mapped[str] = mapped_column(Text)
    packs: Mapped[Count]
    pack_size: Mapped[Count]
    quantity: Mapped[Count]
    price_fen: Mapped[FenColumn]
    amount_fen: Mapped[FenColumn]
    accepted: Mapped[Count] = mapped_column(info={"may_change": True})
    short: Mapped[Count] = mapped_column(info={"may_change": True})
    rejected: Mapped[Count] = mapped_column(info={"may_change": True})
    over: Mapped[Count] = mapped_column(info={"may_change": True})
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "po_id"], ["supply.purchase_orders.region_id", "supply.purchase_orders.id"]),
        CheckConstraint("quantity > 0 AND quantity = packs * pack_size", name="whole_packs"),
        CheckConstraint("price_fen >= 0 AND amount_fen = quantity * price_fen", name="amount"),
        CheckConstraint("accepted >= 0 AND short >= 0 AND rejected >= 0 AND over >= 0", name="counts"),
        CheckConstraint("accepted + short + rejected <= quantity + over", name="not_over_the_order"),
        CheckConstraint("over <= accepted", name="over_is_accepted"),
        Index(None, "region_id", "cycle_id", "sku_id"),
        table("supply", "region", append_only=True),
    )

"""Tables of orders and their lines (one partition a delivery date), the counter of serial numbers, and the list of an
account's orders over all regions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import (
    Base,
    BizDate,
    Count,
    FenColumn,
    Grams,
    JsonList,
    MaybeMoment,
    MaybeRef,
    Moment,
    Ref,
    RegionId,
    RowId,
    table,
)


class Order(Base):
    """An order of one member at one station in one cycle; `charge_id` is the charge that is open for it or paid it."""

    __tablename__ = "orders"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    member_id: Mapped[Ref]
    state: Mapped[str] = mapped_column(Text)
    payment: Mapped[str] = mapped_column(Text)  # online | offline
    serial: Mapped[int | None] = mapped_column(Integer)
    pickup_code: Mapped[str] = mapped_column(Text)
    by_leader: Mapped[MaybeRef]
    payer: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    goods_fen: Mapped[FenColumn]
    fee_fen: Mapped[FenColumn]
    payable_fen: Mapped[FenColumn]  # goods, less what promotions took off the lines, with the fee
    paid_fen: Mapped[FenColumn] = mapped_column(BigInteger, default=0)
    fee_refunded_fen: Mapped[FenColumn] = mapped_column(BigInteger, server_default="0")
    fee_recognised_fen: Mapped[FenColumn] = mapped_column(BigInteger, server_default="0")
    express: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))  # sent by the supplier to an address
    points: Mapped[Count]  # that the order will earn
    priced: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # what the price depended on, when promotions did
    charge_id: Mapped[MaybeRef]
    placed_at: Mapped[Moment]
    hold_until: Mapped[Moment]
    paid_at: Mapped[MaybeMoment]
    collected_at: Mapped[MaybeMoment]
    cancelled_at: Mapped[MaybeMoment]
    cancel_reason: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (
        CheckConstraint("payable_fen >= 0 AND fee_fen >= 0 AND points >= 0", name="payable"),
        CheckConstraint("paid_fen IN (0, payable_fen)", name="paid_whole"),
        CheckConstraint("fee_refunded_fen BETWEEN 0 AND fee_fen", name="fee_refunded_within_fee"),
        CheckConstraint("fee_recognised_fen BETWEEN 0 AND fee_fen - fee_refunded_fen", name="fee_recognised"),
        CheckConstraint("serial > 0", name="serial"),
        Index(
            "uq_orders_pickup_code", "region_id", "biz_date", "cycle_id", "station_id", "pickup_code",
            unique=True, postgresql_where=text("cancelled_at IS NULL"),
        ),
        Index("ix_orders_serial", "region_id", "biz_date", "cycle_id", "station_id", "serial", unique=True),
        Index("ix_orders_member", "region_id", "member_id", "id"),
        Index(
            "ix_orders_held", "region_id", "hold_until",
            postgresql_where=text("paid_at IS NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_orders_express", "region_id", "id", postgresql_where=text("express")),
        # No index names the state, and pages are half full: the night moves a cycle within its pages.
        table("ordering", "region", daily=True, fillfactor=50),
    )  # fmt: skip


class OrderLine(Base):
    """One offer of an order, with what later rooms need of it as it was sold; the refund guard stands here."""

    __tablename__ = "lines"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    order_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    offer_id: Mapped[Ref]
    sku_id: Mapped[Ref]
    supplier_id: Mapped[Ref]
    category_id: Mapped[Ref]
    storage_class: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    weighed: Mapped[bool] = mapped_column(Boolean)
    net_g: Mapped[Grams]
    gross_g: Mapped[Grams]
    volume_ml: Mapped[Ref]
    unit_price_fen: Mapped[FenColumn]
    cost_fen: Mapped[FenColumn]
    commission_bp: Mapped[Count]
    commission_fen: Mapped[int | None] = mapped_column(BigInteger)  # fixed per piece, instead of the rate
    quality_window_hours: Mapped[Count]
    order_window_hours: Mapped[Count]
    quantity: Mapped[Count]
    short_quantity: Mapped[Count] = mapped_column(default=0)
    refunded_quantity: Mapped[Count] = mapped_column(default=0)
    collected_quantity: Mapped[Count] = mapped_column(default=0)
    payable_fen: Mapped[FenColumn]
    discounts: Mapped[JsonList]  # [source, fen] pairs: goods − Σ discounts = payable
    paid_fen: Mapped[FenColumn] = mapped_column(BigInteger, default=0)
    refunded_fen: Mapped[FenColumn] = mapped_column(BigInteger, default=0)
    recognised_fen: Mapped[FenColumn] = mapped_column(BigInteger, default=0)
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("payable_fen >= 0", name="payable"),
        CheckConstraint("short_quantity BETWEEN 0 AND quantity", name="short"),
        CheckConstraint("refunded_quantity BETWEEN 0 AND quantity", name="refunded_pieces"),
        CheckConstraint(
            "collected_quantity >= 0 AND collected_quantity + short_quantity <= quantity", name="collected"
        ),
        CheckConstraint("refunded_fen BETWEEN 0 AND paid_fen", name="refunded_within_paid"),
        CheckConstraint("recognised_fen BETWEEN 0 AND paid_fen - refunded_fen", name="recognised_within_kept"),
        Index(None, "region_id", "order_id"),
        Index(None, "region_id", "cycle_id", "station_id"),
        table("ordering", "region", daily=True),
    )


class Address(Base):
    """Where an express order goes: what the fee depends on in clear, name, phone and street sealed."""

    __tablename__ = "addresses"
    region_id: Mapped[RegionId]
    order_id: Mapped[RowId]
    province: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    district: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str] = mapped_column(Text)
    __table_args__ = (table("ordering", "region"),)


class Serial(Base):
    """The last serial number (跟团号) that a station gave in a cycle."""

    __tablename__ = "serials"
    region_id: Mapped[RegionId]
    cycle_id: Mapped[RowId]
    station_id: Mapped[RowId]
    last: Mapped[Count]
    __table_args__ = (CheckConstraint("last > 0", name="last"), table("ordering", "region"))


class UserOrder(Base):
    """That an account has an order, and in which region it lies; filled after the fact."""

    __tablename__ = "user_orders"
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    home_region: Mapped[int] = mapped_column(Integer)
    member_id: Mapped[Ref]
    placed_at: Mapped[Moment]
    __table_args__ = table("ordering", "global")

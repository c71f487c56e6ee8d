"""Tables of charges: the charge, its orders' shares, and the attempts under their own channel numbers."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import (
    Base,
    BizDate,
    Count,
    FenColumn,
    MaybeMoment,
    MaybeRef,
    Moment,
    Ref,
    RegionId,
    RowId,
    table,
)


class ChargeRow(Base):
    """A charge: what one member owes for some orders; `refunded_fen` counts what is on its way back too."""

    __tablename__ = "charges"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    state: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    member_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    amount_fen: Mapped[FenColumn]
    paid_fen: Mapped[FenColumn]
    refunded_fen: Mapped[FenColumn]
    refunds: Mapped[Count]
    next_refund_at: Mapped[MaybeMoment]
    description: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    paid_at: Mapped[MaybeMoment]
    late: Mapped[bool] = mapped_column(Boolean)
    closed_because: Mapped[str] = mapped_column(Text)
    attempt_id: Mapped[Ref]
    paid_attempt_id: Mapped[MaybeRef]
    pay_url: Mapped[str | None] = mapped_column(Text, nullable=True)
    pay_params: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), nullable=True)
    scene: Mapped[str] = mapped_column(Text, default="", server_default="")
    payer: Mapped[str] = mapped_column(Text, default="", server_default="")
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("paid_fen = 0 OR paid_fen = amount_fen", name="paid_whole"),
        CheckConstraint("(state = 'paid') = (paid_fen > 0)", name="paid_state"),
        CheckConstraint("refunded_fen >= 0 AND refunded_fen <= paid_fen", name="refunded_within_paid"),
        Index("ix_charges_member", "region_id", "member_id", "id"),
        Index("ix_charges_shop_money", "region_id", "cycle_id", "station_id", postgresql_where=text("scene = 'mini'")),
        table("money", "region", daily=True),
    )


class ShareRow(Base):
    """One order's share of a charge, in fen."""

    __tablename__ = "charge_orders"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    charge_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    amount_fen: Mapped[FenColumn]
    paid_fen: Mapped[FenColumn]
    refunded_fen: Mapped[FenColumn]
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("paid_fen = 0 OR paid_fen = amount_fen", name="paid_whole"),
        CheckConstraint("refunded_fen >= 0 AND refunded_fen <= paid_fen", name="refunded_within_paid"),
        Index("ix_charge_orders_order", "region_id", "order_id"),
        table("money", "region", daily=True),
    )


class AttemptRow(Base):
    """One try to be paid; its id is the channel number, so that a notice finds region and day."""

    __tablename__ = "charge_attempts"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    charge_id: Mapped[Ref]
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[FenColumn]
    made_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    polls: Mapped[Count]
    next_poll_at: Mapped[MaybeMoment]
    reopen: Mapped[bool] = mapped_column(Boolean)
    provider_no: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        Index("ix_charge_attempts_charge", "region_id", "charge_id"),
        Index(
            "ix_charge_attempts_unanswered", "region_id", "next_poll_at",
            postgresql_where=text("state IN ('opening', 'open', 'closing')"),
        ),
        table("money", "region", daily=True),
    )  # fmt: skip

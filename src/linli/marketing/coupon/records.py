"""Tables of coupons: templates with their guarded counters, and the members' coupons."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import (
    Base,
    Count,
    FenColumn,
    JsonList,
    MaybeMoment,
    MaybeRef,
    Moment,
    Ref,
    RegionId,
    RowId,
    table,
)

MaybeFen = Annotated[int | None, mapped_column(BigInteger, nullable=True)]


class Template(Base):
    """What coupons of a kind give and under which conditions; `taken_fen` counts locked and spent ones where there is
    a budget."""

    __tablename__ = "coupon_templates"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    key: Mapped[str] = mapped_column(Text)  # the name that other parts of the house know it by, or empty
    title: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    off_fen: Mapped[FenColumn]
    off_bp: Mapped[Count]
    threshold_fen: Mapped[FenColumn]
    category_ids: Mapped[JsonList]
    offer_ids: Mapped[JsonList]
    segment: Mapped[str] = mapped_column(Text)
    first_order: Mapped[bool]
    claimable: Mapped[bool]
    stock: Mapped[int | None] = mapped_column(Integer)
    issued: Mapped[Count]
    budget_fen: Mapped[MaybeFen]
    taken_fen: Mapped[FenColumn]
    per_member: Mapped[Count]
    valid_from: Mapped[MaybeMoment]
    valid_until: Mapped[MaybeMoment]
    valid_days: Mapped[int | None] = mapped_column(Integer)
    stopped_at: Mapped[MaybeMoment]
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("issued >= 0 AND (stock IS NULL OR issued <= stock)", name="issued_within_stock"),
        CheckConstraint(
            "taken_fen >= 0 AND (budget_fen IS NULL OR taken_fen <= budget_fen)", name="taken_within_budget"
        ),
        CheckConstraint("off_fen >= 0 AND off_bp BETWEEN 0 AND 10000 AND threshold_fen >= 0", name="gives"),
        CheckConstraint("per_member > 0", name="per_member_positive"),
        CheckConstraint("(valid_until IS NULL) <> (valid_days IS NULL)", name="one_validity"),
        Index(
            "uq_coupon_templates_key", "region_id", "key",
            unique=True, postgresql_where=text("key <> '' AND stopped_at IS NULL"),
        ),
        table("marketing", "region"),
    )  # fmt: skip


class Coupon(Base):
    """One coupon of a member; `turn` counts the ones the member claimed of a template, `ref` why it was given."""

    __tablename__ = "coupons"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    template_id: Mapped[Ref]
    member_id: Mapped[Ref]
    state: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    turn: Mapped[int | None] = mapped_column(Integer)
    ref: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    claimed_at: Mapped[Moment]
    valid_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    valid_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    order_id: Mapped[MaybeRef]
    taken_fen: Mapped[FenColumn]
    spent_at: Mapped[MaybeMoment]
    __table_args__ = (
        ForeignKeyConstraint(
            ["region_id", "template_id"], ["marketing.coupon_templates.region_id", "marketing.coupon_templates.id"]
        ),
        CheckConstraint("(state = 'claimed') = (order_id IS NULL)", name="locked_for_an_order"),
        CheckConstraint("taken_fen >= 0 AND (order_id IS NOT NULL OR taken_fen = 0)", name="taken_by_an_order"),
        CheckConstraint("(state = 'spent') = (spent_at IS NOT NULL)", name="spent_at_a_time"),
        Index("uq_coupons_turn", "region_id", "template_id", "member_id", "turn", unique=True),
        Index("uq_coupons_ref", "region_id", "template_id", "ref", unique=True, postgresql_where=text("ref <> ''")),
        Index("ix_coupons_member", "region_id", "member_id", "id"),
        Index("ix_coupons_order", "region_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        table("marketing", "region"),
    )

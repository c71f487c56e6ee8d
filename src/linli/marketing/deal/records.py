"""The tables of deals: bundles with a guarded budget, and which order was a newcomer's only one."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeMoment, MaybeRef, Moment, Ref, RegionId, RowId, table

MaybeFen = Annotated[int | None, mapped_column(BigInteger, nullable=True)]
BUNDLE = ["marketing.bundles.region_id", "marketing.bundles.id"]


class Bundle(Base):
    """Offers that are cheaper together; `taken_fen` is what it took off so far, never beyond its budget."""

    __tablename__ = "bundles"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    title: Mapped[str] = mapped_column(Text)
    price_fen: Mapped[FenColumn]
    most: Mapped[Count]
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    budget_fen: Mapped[MaybeFen]
    taken_fen: Mapped[FenColumn]
    stopped_at: Mapped[MaybeMoment]
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "cycle_id"], ["sale.cycles.region_id", "sale.cycles.id"]),
        CheckConstraint("price_fen > 0 AND most >= 0 AND starts_at < ends_at", name="bundle_possible"),
        CheckConstraint("taken_fen >= 0 AND (budget_fen IS NULL OR taken_fen <= budget_fen)", name="within_budget"),
        Index("ix_bundles_cycle", "region_id", "cycle_id", "id"),
        table("marketing", "region"),
    )


class BundlePart(Base):
    """One offer of a bundle with its pieces; an offer is in one running bundle at a time, so no piece counts twice."""

    __tablename__ = "bundle_parts"
    region_id: Mapped[RegionId]
    bundle_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    offer_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[Count]
    running: Mapped[bool]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "bundle_id"], BUNDLE),
        ForeignKeyConstraint(["region_id", "offer_id"], ["sale.offers.region_id", "sale.offers.id"]),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index("uq_bundle_parts_offer", "region_id", "offer_id", unique=True, postgresql_where=text("running")),
        table("marketing", "region"),
    )


class BundleUse(Base):
    """What a bundle took off one order; `given_back_at` when that order was cancelled."""

    __tablename__ = "bundle_uses"
    region_id: Mapped[RegionId]
    bundle_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    times: Mapped[Count]
    taken_fen: Mapped[FenColumn]
    taken_at: Mapped[Moment]
    given_back_at: Mapped[MaybeMoment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "bundle_id"], BUNDLE),
        CheckConstraint("times > 0 AND taken_fen >= 0", name="use_possible"),
        Index("ix_bundle_uses_order", "region_id", "order_id"),
        table("marketing", "region"),
    )


class Newcomer(Base):
    """A member who asked for newcomers' goods, and the order that has them; None when it was cancelled."""

    __tablename__ = "newcomers"
    region_id: Mapped[RegionId]
    member_id: Mapped[RowId]
    order_id: Mapped[MaybeRef]
    __table_args__ = (
        Index("ix_newcomers_order", "region_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        table("marketing", "region"),
    )

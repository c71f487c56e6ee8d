"""The tables of bargains; the database itself keeps the floor, the number of helps, and one help a person and offer."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeRef, Moment, Ref, RegionId, RowId, table

OFFER = ["sale.offers.region_id", "sale.offers.id"]


class BargainOffer(Base):
    """How an offer is bargained for; a bargain that was started keeps its own terms."""

    __tablename__ = "bargain_offers"
    region_id: Mapped[RegionId]
    offer_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    floor_fen: Mapped[FenColumn]
    helps: Mapped[Count]
    hours: Mapped[Count]
    changed_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "offer_id"], OFFER),
        CheckConstraint("floor_fen > 0 AND helps > 0 AND hours > 0", name="terms_possible"),
        table("marketing", "region"),
    )


class Bargain(Base):
    """One member's bargain for one piece of an offer: `price_fen` is what it has reached."""

    __tablename__ = "bargains"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    offer_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    member_id: Mapped[Ref]
    full_fen: Mapped[FenColumn]
    floor_fen: Mapped[FenColumn]
    price_fen: Mapped[FenColumn]
    helps: Mapped[Count]
    helped: Mapped[Count]
    started_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    device: Mapped[str] = mapped_column(Text)
    order_id: Mapped[MaybeRef]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "offer_id"], OFFER),
        CheckConstraint("price_fen BETWEEN floor_fen AND full_fen", name="never_below_floor"),
        CheckConstraint("helped BETWEEN 0 AND helps", name="never_beyond_helps"),
        Index("uq_bargains_member", "region_id", "offer_id", "member_id", unique=True),
        Index("ix_bargains_order", "region_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        table("marketing", "region"),
    )


class BargainHelp(Base):
    """One help: who cut how many fen, from which device and address (hashes; empty when unknown)."""

    __tablename__ = "bargain_helps"
    region_id: Mapped[RegionId]
    offer_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    bargain_id: Mapped[Ref]
    cut_fen: Mapped[FenColumn]
    device: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    at: Mapped[Moment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "bargain_id"], ["marketing.bargains.region_id", "marketing.bargains.id"]),
        CheckConstraint("cut_fen > 0", name="cut_positive"),
        Index(
            "uq_bargain_helps_device",
            "region_id",
            "offer_id",
            "device",
            unique=True,
            postgresql_where=text("device <> ''"),
        ),
        Index("ix_bargain_helps_bargain", "region_id", "bargain_id", "address"),
        table("marketing", "region", append_only=True),
    )

"""The tables of petitions: what is asked for, and who asks, each member once."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, MaybeMoment, MaybeRef, Moment, Ref, RegionId, RowId, table


class Petition(Base):
    """Goods that a community asks for; `plain` is the wish without spaces and case, one open petition for each."""

    __tablename__ = "petitions"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    community_id: Mapped[Ref]
    wish: Mapped[str] = mapped_column(Text)
    plain: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    supporters: Mapped[Count]
    made_at: Mapped[Moment]
    offer_id: Mapped[MaybeRef]
    answer: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[MaybeMoment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "offer_id"], ["sale.offers.region_id", "sale.offers.id"]),
        CheckConstraint("supporters >= 0", name="supporters_not_negative"),
        CheckConstraint("(state = 'answered') = (offer_id IS NOT NULL)", name="answered_by_an_offer"),
        Index(
            "uq_petitions_wish",
            "region_id",
            "community_id",
            "plain",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_petitions_ranking", "region_id", "state", "supporters", "id"),
        table("sale", "region"),
    )


class PetitionSupport(Base):
    """One member's +1."""

    __tablename__ = "petition_supports"
    region_id: Mapped[RegionId]
    petition_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[Moment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "petition_id"], ["sale.petitions.region_id", "sale.petitions.id"]),
        table("sale", "region", append_only=True),
    )

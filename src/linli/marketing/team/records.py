"""The tables of teams; a team's seats are one counter with the database's own word that it is never overfull."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeMoment, MaybeRef, Moment, Ref, RegionId, RowId, table

OFFER = ["sale.offers.region_id", "sale.offers.id"]


class TeamTerms(Base):
    """Under which terms an offer is sold in teams; a team that was opened keeps its own."""

    __tablename__ = "team_terms"
    region_id: Mapped[RegionId]
    offer_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    cycle_id: Mapped[Ref]
    price_fen: Mapped[FenColumn]
    size: Mapped[Count]
    hours: Mapped[Count]
    unit: Mapped[str] = mapped_column(Text)
    short: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "offer_id"], OFFER),
        CheckConstraint("size BETWEEN 2 AND 50 AND hours > 0 AND price_fen > 0", name="terms_possible"),
        table("marketing", "region"),
    )


class Team(Base):
    """A team; `seats_taken` counts seats that are held or paid."""

    __tablename__ = "teams"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    offer_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    unit: Mapped[str] = mapped_column(Text)
    price_fen: Mapped[FenColumn]
    size: Mapped[Count]
    short: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[Moment]
    deadline: Mapped[Moment]
    leading_id: Mapped[Ref]
    seats_taken: Mapped[Count]
    into_id: Mapped[MaybeRef]
    ended_at: Mapped[MaybeMoment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "offer_id"], OFFER),
        CheckConstraint("seats_taken BETWEEN 0 AND size", name="never_overfull"),
        Index("ix_teams_open", "region_id", "deadline", postgresql_where=text("state = 'open'")),
        Index("ix_teams_offer", "region_id", "offer_id", "station_id", "id"),
        Index("ix_teams_cycle", "region_id", "cycle_id", "id"),
        table("marketing", "region"),
    )


class TeamSeat(Base):
    """An order's seat in a team; `left_at` when it was given back, `back_fen` comes back when the team completes."""

    __tablename__ = "team_seats"
    region_id: Mapped[RegionId]
    order_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    team_id: Mapped[Ref]
    member_id: Mapped[Ref]
    quantity: Mapped[Count]
    back_fen: Mapped[FenColumn]
    consent: Mapped[bool]
    taken_at: Mapped[Moment]
    paid_at: Mapped[MaybeMoment]
    left_at: Mapped[MaybeMoment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "team_id"], ["marketing.teams.region_id", "marketing.teams.id"]),
        CheckConstraint("quantity > 0 AND back_fen >= 0", name="seat_possible"),
        Index(
            "uq_team_seats_member",
            "region_id",
            "team_id",
            "member_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        table("marketing", "region"),
    )

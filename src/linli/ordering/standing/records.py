"""Tables of standing orders, of the weeks they leave out, and of what became of them cycle by cycle."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.ordering.standing.model import Outcome
from linli.platform.manifest import Base, Count, FenColumn, MaybeRef, Moment, Ref, RegionId, RowId, table


class Standing(Base):
    """Pieces of a sku that a member wants on some weekdays; `weekdays` are bits, Monday the lowest."""

    __tablename__ = "standings"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    member_id: Mapped[Ref]
    station_id: Mapped[Ref]
    sku_id: Mapped[Ref] = mapped_column(ForeignKey("catalog.skus.id"))
    name: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Count]
    weekdays: Mapped[Count]
    ceiling_fen: Mapped[FenColumn]
    until: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 9999", name="quantity"),
        CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        CheckConstraint("ceiling_fen > 0", name="ceiling"),
        Index(None, "region_id", "member_id"),
        Index("ix_standings_active", "region_id", "sku_id", "id", postgresql_where=text("state = 'active'")),
        table("ordering", "region"),
    )


class StandingSkip(Base):
    """A week, named by its Monday, that a standing order leaves out."""

    __tablename__ = "standing_skips"
    region_id: Mapped[RegionId]
    standing_id: Mapped[RowId]
    week: Mapped[date] = mapped_column(Date, primary_key=True)
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "standing_id"], ["ordering.standings.region_id", "ordering.standings.id"]),
        table("ordering", "region"),
    )


class StandingRun(Base):
    """What became of a standing order in a cycle: its key lets each be ordered from once."""

    __tablename__ = "standing_runs"
    region_id: Mapped[RegionId]
    standing_id: Mapped[RowId]
    cycle_id: Mapped[RowId]
    delivery_date: Mapped[date] = mapped_column(Date)
    outcome: Mapped[str] = mapped_column(Text)
    order_id: Mapped[MaybeRef]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[Moment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "standing_id"], ["ordering.standings.region_id", "ordering.standings.id"]),
        CheckConstraint(f"outcome IN ({', '.join(repr(str(one)) for one in Outcome)})", name="outcome_known"),
        CheckConstraint("(outcome = 'placed') = (order_id IS NOT NULL)", name="placed_has_order"),
        table("ordering", "region"),
    )

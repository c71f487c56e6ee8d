"""Members and the history of the stations they were bound to."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, MaybeMoment, MaybeRef, Moment, Ref, RegionId, RowId, table


class MemberRow(Base):
    """A neighbour who buys in the region, with an account or written down by a leader."""

    __tablename__ = "members"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    account_id: Mapped[MaybeRef]
    nickname: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    phone_tail: Mapped[str] = mapped_column(Text)
    station_id: Mapped[MaybeRef]
    orders_paid: Mapped[Count]
    joined_at: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "account_id"),
        ForeignKeyConstraint(["region_id", "station_id"], ["people.stations.region_id", "people.stations.id"]),
        CheckConstraint("orders_paid >= 0", "orders_are_counted_up"),
        CheckConstraint("account_id IS NOT NULL OR station_id IS NOT NULL", "neighbour_has_a_station"),
        Index(
            "uq_members_neighbour",
            "region_id",
            "station_id",
            "nickname",
            "place",
            unique=True,
            postgresql_where=text("account_id IS NULL"),
        ),
        Index(None, "region_id", "station_id", "id"),
        table("people", "region"),
    )


class BindingRow(Base):
    """That a member belonged to a station from an instant until another; the last one is open."""

    __tablename__ = "bindings"
    region_id: Mapped[RegionId]
    member_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[RowId]
    station_id: Mapped[Ref]
    how: Mapped[str] = mapped_column(Text)  # link | chosen | leader
    since: Mapped[Moment]
    until: Mapped[MaybeMoment]
    __table_args__ = (
        Index("uq_bindings_open", "region_id", "member_id", unique=True, postgresql_where=text("until IS NULL")),
        table("people", "region"),
    )

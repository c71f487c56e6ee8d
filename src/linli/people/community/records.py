"""Regions, communities and stations."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, Moment, Ref, RegionId, RowId, table


class RegionRow(Base):
    """A region; its number is what every row of its business carries first."""

    __tablename__ = "regions"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[Moment]
    __table_args__ = (CheckConstraint("id BETWEEN 1 AND 1048575", "number_fits_an_id"), table("people", "reference"))


class CommunityRow(Base):
    """A residential compound of a region."""

    __tablename__ = "communities"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    lat_e6: Mapped[int] = mapped_column(Integer)
    lng_e6: Mapped[int] = mapped_column(Integer)
    households: Mapped[Count]
    made_at: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "name"),
        CheckConstraint("lat_e6 BETWEEN -90000000 AND 90000000", "latitude_exists"),
        CheckConstraint("lng_e6 BETWEEN -180000000 AND 180000000", "longitude_exists"),
        table("people", "region"),
    )


class StationRow(Base):
    """Where goods are collected: run by one leader, in one community."""

    __tablename__ = "stations"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    community_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    lat_e6: Mapped[int] = mapped_column(Integer)
    lng_e6: Mapped[int] = mapped_column(Integer)
    mode: Mapped[str] = mapped_column(Text)
    unload_minutes: Mapped[Count]
    opens_minute: Mapped[Count]
    closes_minute: Mapped[Count]
    active: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "community_id", "name"),
        ForeignKeyConstraint(["region_id", "community_id"], ["people.communities.region_id", "people.communities.id"]),
        ForeignKeyConstraint(["region_id", "leader_id"], ["people.leaders.region_id", "people.leaders.id"]),
        CheckConstraint("mode IN ('delivery', 'self_collect')", "mode_is_known"),
        CheckConstraint("unload_minutes BETWEEN 0 AND 240", "unloading_is_bounded"),
        CheckConstraint("0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440", "hours"),
        Index(None, "region_id", "leader_id"),
        table("people", "region"),
    )

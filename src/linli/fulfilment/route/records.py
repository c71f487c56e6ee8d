"""Tables of routes: the plan of a cycle, its runs and their stops."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import (
    Base,
    Count,
    Grams,
    JsonList,
    MaybeMoment,
    Moment,
    Ref,
    RegionId,
    RowId,
    table,
)


class RoutePlan(Base):
    """The newest plan of a cycle, and the stations it could not serve; `id` is the cycle's."""

    __tablename__ = "route_plans"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    version: Mapped[Count]
    unserved: Mapped[JsonList]
    planned_at: Mapped[Moment]
    __table_args__ = (table("fulfilment", "region"),)


class Run(Base):
    """A vehicle's trip."""

    __tablename__ = "runs"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    vehicle_id: Mapped[Ref]
    driver_id: Mapped[Ref]
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[Count]
    distance_m: Mapped[Grams]
    weight_g: Mapped[Grams]
    volume_ml: Mapped[Grams]
    depart_at: Mapped[Moment]
    return_at: Mapped[Moment]
    departed_at: Mapped[MaybeMoment]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "vehicle_id"], ["fulfilment.vehicles.region_id", "fulfilment.vehicles.id"]),
        Index("ix_runs_cycle", "region_id", "cycle_id"),
        Index("ix_runs_driver", "region_id", "driver_id", "id"),
        table("fulfilment", "region"),
    )


class Stop(Base):
    """A visit of a run to a station."""

    __tablename__ = "stops"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    run_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    position: Mapped[Count]
    station_id: Mapped[Ref]
    state: Mapped[str] = mapped_column(Text)
    dropped: Mapped[bool]
    arrive_at: Mapped[Moment]
    arrived_at: Mapped[MaybeMoment]
    totes: Mapped[Count]
    pieces: Mapped[Count]
    __table_args__ = (
        ForeignKeyConstraint(["region_id", "run_id"], ["fulfilment.runs.region_id", "fulfilment.runs.id"]),
        CheckConstraint("totes >= 0 AND pieces >= 0", name="counts_not_negative"),
        Index("ix_stops_run", "region_id", "run_id", "position"),
        Index(
            "uq_stops_station", "region_id", "cycle_id", "station_id", unique=True, postgresql_where=text("NOT dropped")
        ),
        table("fulfilment", "region"),
    )

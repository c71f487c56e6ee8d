"""The tables of sorting: wave, totes, tasks, shares of a sku over totes, the order lines in them, and scans."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import (
    Base,
    BizDate,
    Count,
    Grams,
    MaybeMoment,
    Moment,
    Ref,
    RegionId,
    RowId,
    table,
)


class Wave(Base):
    """The sorting run of a cycle."""

    __tablename__ = "waves"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    state: Mapped[str] = mapped_column(Text)
    planned_at: Mapped[Moment]
    finished_at: Mapped[MaybeMoment]
    totes: Mapped[Count]
    items: Mapped[Count]
    __table_args__ = (UniqueConstraint("region_id", "cycle_id"), table("warehouse", "region"))


class Tote(Base):
    """A container of one station and storage class: its items follow one another from `first_item` to `last_item`.

    Pieces, grams and millilitres are what is in it or is to be; what turns out short is taken off.
    """

    __tablename__ = "totes"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    wave_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    code: Mapped[str] = mapped_column(Text)
    station_id: Mapped[Ref]
    storage_class: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    sealed_at: Mapped[MaybeMoment]
    first_item: Mapped[Ref]
    last_item: Mapped[Ref]
    pieces: Mapped[Count]
    weight_g: Mapped[Grams]
    volume_ml: Mapped[Ref]
    __table_args__ = (
        CheckConstraint("pieces >= 0 AND weight_g >= 0 AND volume_ml >= 0", name="holds"),
        CheckConstraint("first_item <= last_item", name="items"),
        UniqueConstraint("region_id", "code"),
        Index(None, "region_id", "cycle_id", "station_id"),
        table("warehouse", "region"),
    )


class SortTask(Base):
    """The sorting of one sku of a wave by one worker (0 while nobody has it)."""

    __tablename__ = "sort_tasks"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    wave_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    sku_id: Mapped[Ref]
    offer_id: Mapped[Ref]
    name: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    barcode: Mapped[str] = mapped_column(Text)
    storage_class: Mapped[str] = mapped_column(Text)
    gross_g: Mapped[Grams]
    volume_ml: Mapped[Ref]
    state: Mapped[str] = mapped_column(Text)
    worker_id: Mapped[Ref]
    started_at: Mapped[MaybeMoment]
    finished_at: Mapped[MaybeMoment]
    planned: Mapped[Count]
    sorted: Mapped[Count]
    short: Mapped[Count]
    __table_args__ = (
        CheckConstraint("planned >= 0 AND sorted >= 0 AND short >= 0", name="counts"),
        CheckConstraint("sorted + short <= planned", name="not_more_than_planned"),
        UniqueConstraint("region_id", "wave_id", "sku_id"),
        Index(None, "region_id", "state", "id"),
        table("warehouse", "region"),
    )


class SortShare(Base):
    """How many pieces of a task's sku go into a tote, and how many are in it; written when the first one is."""

    __tablename__ = "sort_shares"
    region_id: Mapped[RegionId]
    task_id: Mapped[RowId]
    tote_id: Mapped[RowId]
    planned: Mapped[Count]
    sorted: Mapped[Count]
    short: Mapped[Count]
    __table_args__ = (
        CheckConstraint("planned > 0 AND sorted >= 0 AND short >= 0", name="counts"),
        CheckConstraint("sorted + short <= planned", name="not_more_than_planned"),
        Index(None, "region_id", "tote_id"),
        table("warehouse", "region"),
    )


class SortItem(Base):
    """The pieces of one order line that are to be in a tote; `short` of them were not there.

    Ids ascend by station, storage class, tote and serial, so that the key alone finds a cycle's and a tote's items.
    """

    __tablename__ = "sort_items"
    region_id: Mapped[RegionId]
    biz_date: Mapped[BizDate]
    id: Mapped[RowId]
    cycle_id: Mapped[Ref]
    task_id: Mapped[Ref]
    tote_id: Mapped[Ref]
    station_id: Mapped[Ref]
    line_id: Mapped[Ref]
    order_id: Mapped[Ref]
    serial: Mapped[int] = mapped_column(Integer)
    member_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    quantity: Mapped[Count]
    short: Mapped[Count]
    paid_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("quantity > 0 AND short BETWEEN 0 AND quantity", name="counts"),
        table("warehouse", "region", daily=True),
    )


class Scan(Base):
    """Pieces a worker put into a tote; the key of the scan makes twice once."""

    __tablename__ = "scans"
    region_id: Mapped[RegionId]
    task_id: Mapped[RowId]
    scan_key: Mapped[str] = mapped_column(Text, primary_key=True)
    tote_id: Mapped[Ref]
    quantity: Mapped[Count]
    worker_id: Mapped[Ref]
    at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        table("warehouse", "region", append_only=True),
    )

"""Tables of pasted chains, their entries, and the names of goods that leaders taught."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, MaybeRef, Moment, Ref, RegionId, RowId, table


class ChainDraft(Base):
    """A chain that was pasted for a station and cycle; pasting it again when it has grown continues it."""

    __tablename__ = "chain_drafts"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    leader_id: Mapped[Ref]
    station_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    number: Mapped[Count]
    title: Mapped[str] = mapped_column(Text)
    pastes: Mapped[Count]
    made_at: Mapped[Moment]
    pasted_at: Mapped[Moment]
    __table_args__ = (
        UniqueConstraint("region_id", "cycle_id", "station_id", "number"),
        table("ordering", "region"),
    )


class DraftEntry(Base):
    """One entry of a pasted chain: what the chat says, what was understood, and what became of it."""

    __tablename__ = "chain_entries"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    chain_id: Mapped[Ref]
    key: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reading: Mapped[str] = mapped_column(Text)  # understood | unclear | withdrawn
    serial: Mapped[int | None]
    who: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    in_chat: Mapped[bool] = mapped_column(Boolean, default=True)
    kept: Mapped[bool] = mapped_column(Boolean, default=False)  # a person kept the order although the chat withdrew it
    order_id: Mapped[MaybeRef]
    __table_args__ = (
        UniqueConstraint("region_id", "chain_id", "key"),
        ForeignKeyConstraint(
            ["region_id", "chain_id"], ["ordering.chain_drafts.region_id", "ordering.chain_drafts.id"]
        ),
        Index(None, "region_id", "order_id"),
        table("ordering", "region"),
    )


class GoodsName(Base):
    """A name that a leader's chat uses for a product, learnt when the leader corrected an entry."""

    __tablename__ = "goods_names"
    region_id: Mapped[RegionId]
    leader_id: Mapped[RowId]
    word: Mapped[str] = mapped_column(Text, primary_key=True)
    sku_id: Mapped[Ref]
    learnt_at: Mapped[Moment]
    __table_args__ = (table("ordering", "region"),)

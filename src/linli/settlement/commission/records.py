"""Tables of commission: the rules of a region, and one line per collected order line."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeMoment, MaybeRef, Moment, Ref, RegionId, RowId, table


class CommissionRule(Base):
    """A rule of a region from an instant on, until it is replaced."""

    __tablename__ = "commission_rules"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    scope: Mapped[str] = mapped_column(Text)
    scope_id: Mapped[Ref]
    level: Mapped[str] = mapped_column(Text)
    rate_bp: Mapped[Count]
    piece_fen: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[Moment]
    valid_until: Mapped[MaybeMoment]
    by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("rate_bp BETWEEN 0 AND 5000 AND coalesce(piece_fen, 0) >= 0", name="rate_possible"),
        Index("ix_commission_rules_scope", "region_id", "scope", "scope_id"),
        table("settlement", "region"),
    )


class CommissionLine(Base):
    """What one order line earns its leader, with the rule that pays it; `id` is the order line's."""

    __tablename__ = "commission_lines"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    order_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    sku_id: Mapped[Ref]
    pieces: Mapped[Count]
    collected_fen: Mapped[FenColumn]
    kept_fen: Mapped[FenColumn]
    amount_fen: Mapped[FenColumn]
    rule_id: Mapped[Ref]
    rule_scope: Mapped[str] = mapped_column(Text)
    rate_bp: Mapped[Count]
    piece_fen: Mapped[int | None] = mapped_column(BigInteger)
    changes: Mapped[Count]
    accrued_at: Mapped[Moment]
    free_at: Mapped[Moment]
    statement_id: Mapped[MaybeRef]
    __table_args__ = (
        CheckConstraint("kept_fen BETWEEN 0 AND collected_fen AND amount_fen >= 0", name="never_more_than_collected"),
        ForeignKeyConstraint(
            ["region_id", "statement_id"], ["settlement.statements.region_id", "settlement.statements.id"]
        ),
        Index("ix_commission_lines_leader", "region_id", "leader_id", "id"),
        Index("ix_commission_lines_open", "region_id", "free_at", postgresql_where=text("statement_id IS NULL")),
        table("settlement", "region"),
    )


class CommissionChange(Base):
    """Why a line's commission stands where it stands: each collection and refund, with the fen more or less."""

    __tablename__ = "commission_changes"
    region_id: Mapped[RegionId]
    line_id: Mapped[RowId]
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cause: Mapped[str] = mapped_column(Text)
    cause_id: Mapped[Ref]
    base_fen: Mapped[FenColumn]
    delta_fen: Mapped[FenColumn]
    at: Mapped[Moment]
    __table_args__ = (table("settlement", "region", append_only=True),)

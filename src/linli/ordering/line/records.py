"""The table of refunds of lines: each origin refunds a line once."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, Moment, Ref, RegionId, RowId, table


class LineRefund(Base):
    """One refund of a line: how many pieces and fen, why, and from which origin (ref_kind, ref_id)."""

    __tablename__ = "line_refunds"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    line_id: Mapped[Ref]
    order_id: Mapped[Ref]
    ref_kind: Mapped[str] = mapped_column(Text)
    ref_id: Mapped[Ref]
    quantity: Mapped[Count]
    amount_fen: Mapped[FenColumn]
    reversed_fen: Mapped[FenColumn]
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("region_id", "line_id", "ref_kind", "ref_id"),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint("quantity >= 0", name="quantity"),
        CheckConstraint("reversed_fen BETWEEN 0 AND amount_fen", name="reversed"),
        Index(None, "region_id", "order_id"),
        table("ordering", "region", append_only=True),
    )

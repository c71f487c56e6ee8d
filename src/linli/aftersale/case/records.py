"""The table of cases."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeMoment, MaybeRef, Moment, Ref, RegionId, RowId, table


class Case(Base):
    """A member's complaint about pieces of one line, with the line as it was sold, what was said and decided.

    `automatic_on` is the region's day whose budget paid for it without a person.
    """

    __tablename__ = "cases"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    state: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    order_id: Mapped[Ref]
    line_id: Mapped[Ref]
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    leader_id: Mapped[Ref]
    member_id: Mapped[Ref]
    supplier_id: Mapped[Ref]
    sku_id: Mapped[Ref]
    name: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    cost_fen: Mapped[FenColumn]
    pieces: Mapped[Count]
    worth_fen: Mapped[FenColumn]
    story: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[Moment]
    answer_due_at: Mapped[Moment]
    refund_due_at: Mapped[Moment]
    waiting_since: Mapped[MaybeMoment]
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[MaybeMoment]
    answered_by: Mapped[str] = mapped_column(Text, default="")
    escalation: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str] = mapped_column(Text, default="")
    liability: Mapped[str] = mapped_column(Text, default="")
    reply: Mapped[str] = mapped_column(Text, default="")
    refund_pieces: Mapped[Count] = mapped_column(default=0)
    refund_fen: Mapped[FenColumn] = mapped_column(default=0)
    refund_id: Mapped[MaybeRef]
    automatic_on: Mapped[date | None] = mapped_column(Date)
    decided_at: Mapped[MaybeMoment]
    decided_by: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[MaybeMoment]
    rating: Mapped[int | None] = mapped_column(Integer)
    rating_words: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (
        CheckConstraint("pieces > 0 AND worth_fen >= 0", name="claim"),
        CheckConstraint("refund_pieces BETWEEN 0 AND pieces", name="refund_pieces"),
        CheckConstraint("refund_fen BETWEEN 0 AND worth_fen", name="refund_within_claim"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index(None, "region_id", "member_id", "id"),
        Index(None, "region_id", "station_id", "id"),
        Index(None, "region_id", "order_id"),
        Index(None, "region_id", "line_id"),
        Index(
            "ix_cases_unfinished", "region_id", "refund_due_at",
            postgresql_where=text("state NOT IN ('done', 'followed_up', 'rejected')"),
        ),
        table("aftersale", "region"),
    )  # fmt: skip

"""The table of refunds."""

from sqlalchemy import Boolean, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, FenColumn, MaybeMoment, Moment, Ref, RegionId, RowId, table


class RefundRow(Base):
    """Money going back for one order of a charge; its amount is reserved on charge and share from the start."""

    __tablename__ = "refunds"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    state: Mapped[str] = mapped_column(Text)
    charge_id: Mapped[Ref]
    order_id: Mapped[Ref]
    attempt_id: Mapped[Ref]
    channel: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[FenColumn]
    total_fen: Mapped[FenColumn]
    reason: Mapped[str] = mapped_column(Text)
    ref_kind: Mapped[str] = mapped_column(Text)
    ref_id: Mapped[Ref]
    part: Mapped[str] = mapped_column(Text)
    cycle_id: Mapped[Ref]
    station_id: Mapped[Ref]
    made_at: Mapped[Moment]
    by: Mapped[str] = mapped_column(Text)
    round: Mapped[Count]
    tries: Mapped[Count]
    next_at: Mapped[MaybeMoment]
    unclear: Mapped[bool] = mapped_column(Boolean)
    trouble: Mapped[str] = mapped_column(Text)
    provider_no: Mapped[str] = mapped_column(Text)
    done_at: Mapped[MaybeMoment]
    paid_back_by: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("region_id", "ref_kind", "ref_id", "part"),
        CheckConstraint("amount_fen > 0 AND amount_fen <= total_fen", name="amount_within_total"),
        Index("ix_refunds_order", "region_id", "order_id"),
        Index("ix_refunds_charge", "region_id", "charge_id"),
        Index("ix_refunds_state", "region_id", "state", "id"),
        Index("ix_refunds_waiting", "region_id", "next_at", postgresql_where=text("state NOT IN ('done', 'dead')")),
        table("money", "region"),
    )

"""The table of daily budgets for automatic refunds; its constraint has the last word."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, FenColumn, RegionId, table


class AutoBudget(Base):
    """What was refunded without a person on one day of the region, and the most that may be, in fen."""

    __tablename__ = "auto_budgets"
    region_id: Mapped[RegionId]
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    spent_fen: Mapped[FenColumn]
    most_fen: Mapped[FenColumn]
    __table_args__ = (
        CheckConstraint("spent_fen BETWEEN 0 AND most_fen", name="within_budget"),
        table("aftersale", "region"),
    )

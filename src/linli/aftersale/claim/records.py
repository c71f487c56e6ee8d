"""The table of claims: one row a line; its constraints have the last word on refunded + claimed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from linli.platform.manifest import Base, Count, FenColumn, RegionId, RowId, table


class Claim(Base):
    """What open cases hold and decided cases settled of a line, within its collected pieces and what was paid.

    `most_fen` is what was paid and not refunded for another reason than a case.
    """

    __tablename__ = "claims"
    region_id: Mapped[RegionId]
    line_id: Mapped[RowId]
    most_pieces: Mapped[Count]
    most_fen: Mapped[FenColumn]
    held_pieces: Mapped[Count]
    held_fen: Mapped[FenColumn]
    settled_pieces: Mapped[Count]
    settled_fen: Mapped[FenColumn]
    __table_args__ = (
        CheckConstraint("held_pieces >= 0 AND settled_pieces >= 0", name="pieces"),
        CheckConstraint("held_fen >= 0 AND settled_fen >= 0", name="fen"),
        CheckConstraint("held_pieces + settled_pieces <= most_pieces", name="within_collected"),
        CheckConstraint("held_fen + settled_fen <= most_fen", name="within_paid"),
        table("aftersale", "region"),
    )

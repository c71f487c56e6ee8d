"""Grants: which account has which role where."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Moment, Ref, RowId, table


class GrantRow(Base):
    """A role of an account in one region, or in all when `scope` is 0; keyed by the account, wherever it works."""

    __tablename__ = "grants"
    account_id: Mapped[RowId]
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    scope: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    person_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (
        CheckConstraint("scope >= 0", "scope_is_a_region_or_all"),
        Index(None, "scope", "role"),
        table("people", "global"),
    )

"""Accounts, what identifies them, their passwords, codes and invitations, the counters against guessing, and.

Sessions.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, MaybeMoment, Moment, Ref, RegionId, RowId, table


class AccountRow(Base):
    """Somebody who can sign in."""

    __tablename__ = "accounts"
    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (table("people", "global"),)


class IdentityRow(Base):
    """A phone or login that leads to an account: found by its blind index, read by opening its seal."""

    __tablename__ = "identities"
    index: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)  # phone | login
    account_id: Mapped[Ref]
    sealed: Mapped[str] = mapped_column(Text)
    tail: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment]
    __table_args__ = (Index(None, "account_id"), table("people", "global"))


class PasswordRow(Base):
    """The hashed password of an account."""

    __tablename__ = "passwords"
    account_id: Mapped[RowId]
    hashed: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[Moment]
    __table_args__ = (table("people", "global"),)


class CodeRow(Base):
    """The last code that was sent to a phone."""

    __tablename__ = "codes"
    phone_index: Mapped[str] = mapped_column(Text, primary_key=True)
    code_index: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[Moment]
    attempts: Mapped[Count]
    spent_by: Mapped[str] = mapped_column(Text)
    __table_args__ = (CheckConstraint("attempts BETWEEN 0 AND 5", "attempts_are_bounded"), table("people", "global"))


class QuotaRow(Base):
    """How often something was done in one window of time: codes of a phone, of an address, sign-ins of a login."""

    __tablename__ = "quotas"
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    window_start: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    used: Mapped[Count]
    __table_args__ = (
        CheckConstraint("used >= 1", "used_is_positive"),
        Index(None, "window_start"),
        table("people", "global"),
    )


class InvitationRow(Base):
    """A one-time token that makes the first administrator."""

    __tablename__ = "invitations"
    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    expires_at: Mapped[Moment]
    used_at: Mapped[MaybeMoment]
    __table_args__ = (table("people", "global"),)


class SessionRow(Base):
    """A session of an account, in the region it works in (0 = head office), until it expires or is revoked."""

    __tablename__ = "sessions"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]
    account_id: Mapped[Ref]
    audience: Mapped[str] = mapped_column(Text)
    person_id: Mapped[Ref]
    secret_hash: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(Text)
    rotated_at: Mapped[Moment]
    made_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[MaybeMoment]
    __table_args__ = (
        Index(None, "region_id", "account_id"),
        Index("ix_sessions_revoked", "region_id", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
        table("people", "region"),
    )

"""Tables of invites: who brought whom, by what newcomers are recognised, and how many rewards a month gave."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from linli.platform.manifest import Base, Count, MaybeMoment, MaybeRef, Moment, Ref, RegionId, RowId, table


class Invite(Base):
    """That a newcomer came by somebody's code; a newcomer has one inviter."""

    __tablename__ = "invites"
    region_id: Mapped[RegionId]
    id: Mapped[RowId]  # the newcomer's
    inviter_id: Mapped[Ref]
    state: Mapped[str] = mapped_column(Text)
    clash: Mapped[str] = mapped_column(Text)  # the kind of mark that an earlier newcomer had
    why: Mapped[str] = mapped_column(Text)
    coupon_id: Mapped[MaybeRef]
    made_at: Mapped[Moment]
    decided_at: Mapped[MaybeMoment]
    __table_args__ = (
        CheckConstraint("inviter_id <> id", name="not_oneself"),
        CheckConstraint("(state = 'rewarded') = (coupon_id IS NOT NULL)", name="a_reward_is_a_coupon"),
        CheckConstraint("(state = 'unrewarded') = (why <> '')", name="withheld_for_a_reason"),
        Index(None, "region_id", "inviter_id", "id"),
        table("marketing", "region"),
    )


class NewcomerMark(Base):
    """A device, phone or address (its hash) and the first newcomer who came with it; the key lets only one be first."""

    __tablename__ = "newcomer_marks"
    region_id: Mapped[RegionId]
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    mark: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[Ref]
    at: Mapped[Moment]
    __table_args__ = (table("marketing", "region"),)


class InviteMonth(Base):
    """How many rewards an inviter got in a month."""

    __tablename__ = "invite_months"
    region_id: Mapped[RegionId]
    inviter_id: Mapped[RowId]
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    rewarded: Mapped[Count]
    __table_args__ = (CheckConstraint("rewarded >= 0", name="counted_up"), table("marketing", "region"))

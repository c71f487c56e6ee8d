"""Invites as members and operators see them."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from linli import people
from linli.marketing.invite.model import InviteState, InviteValue, MyInvites
from linli.marketing.invite.records import Invite, InviteMonth
from linli.marketing.invite.rules import code_of
from linli.marketing.invite.settings import MONTHLY_CAP
from linli.platform.database import Tx
from linli.platform.settings import value_of

INVITE = (
    Invite.id.label("newcomer_id"), Invite.inviter_id, Invite.state, Invite.why, Invite.coupon_id, Invite.made_at,
    Invite.decided_at,
)  # fmt: skip


async def month_now(tx: Tx) -> date:
    """Return the first day of the region's month."""
    return tx.now.astimezone(ZoneInfo((await people.clock_of(tx)).timezone)).date().replace(day=1)


async def my_invites(tx: Tx, member_id: int) -> MyInvites:
    """Return a member's code and what it brought."""
    mine = (Invite.region_id == tx.region_id, Invite.inviter_id == member_id)
    counted = await tx.execute(select(Invite.state, func.count()).where(*mine).group_by(Invite.state))
    counts = {row[0]: row[1] for row in counted}
    month = (InviteMonth.region_id == tx.region_id, InviteMonth.inviter_id == member_id)
    this_month = select(InviteMonth.rewarded).where(*month, InviteMonth.month == await month_now(tx))
    by = select(Invite.inviter_id).where(Invite.region_id == tx.region_id, Invite.id == member_id)
    return MyInvites(
        code_of(member_id), sum(counts.values()), counts.get(InviteState.REWARDED, 0),
        int(await tx.scalar(this_month) or 0), await value_of(tx, MONTHLY_CAP), await tx.scalar(by),
    )  # fmt: skip


async def invites(tx: Tx, *, state: str | None, before: int | None, limit: int) -> list[InviteValue]:
    """Return the region's invites, the newest newcomers first, those with a smaller id than `before`."""
    where = [Invite.region_id == tx.region_id]
    if state is not None:
        where.append(Invite.state == state)
    if before is not None:
        where.append(Invite.id < before)
    found = await tx.execute(select(*INVITE).where(*where).order_by(Invite.id.desc()).limit(limit))
    return [InviteValue(*row) for row in found]

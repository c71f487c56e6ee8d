"""Invites at work: accepted by newcomers, rewarded when they have collected, withheld where somebody games them."""

from __future__ import annotations

from collections.abc import Mapping

from linli import people
from linli.kernel.refusals import Conflict
from linli.marketing.coupon.commands import give_coupon
from linli.marketing.coupon.model import Source
from linli.marketing.invite import store
from linli.marketing.invite.model import InviteState, Mark, MyInvites
from linli.marketing.invite.queries import month_now, my_invites
from linli.marketing.invite.rules import InviteUnknown, address_mark, member_of, seen_before, withheld
from linli.marketing.invite.settings import MONTHLY_CAP
from linli.platform.database import Tx
from linli.platform.settings import value_of

NEWCOMER, REWARD = "newcomer", "invite"  # the coupon templates that welcome and reward


class InvitedByOneself(Conflict):
    """The code is the member's own."""

    title = "不能使用自己的邀请码"


class NotNewAnyMore(Conflict):
    """The member has paid for an order before; only newcomers are invited."""

    title = "仅限新会员使用邀请码"


class InvitedAlready(Conflict):
    """The member came by another code."""

    title = "已使用过其他邀请码"


async def welcome(tx: Tx, *, member_id: int) -> int | None:
    """Give somebody who just joined the newcomer's coupon, once; None when the region has none."""
    ref = f"newcomer:{member_id}"
    return await give_coupon(
        tx, member_id=member_id, template=NEWCOMER, reason="欢迎新邻居", ref=ref, source=Source.NEWCOMER
    )


async def accept_invite(tx: Tx, *, member_id: int, code: str, device: str = "") -> MyInvites:
    """Note by whose code a newcomer came, and the device's hash; the same code again changes nothing.

    Refuses InviteUnknown, InvitedByOneself, NotNewAnyMore and InvitedAlready.
    """
    inviter_id = member_of(code)
    if inviter_id == member_id:
        raise InvitedByOneself("this is your own code")
    known = await people.members(tx, [member_id, inviter_id])
    if inviter_id not in known:
        raise InviteUnknown("nobody here has this code")
    before = await store.locked(tx, member_id)
    if before is None:
        me = known[member_id]
        if me.orders_paid:
            raise NotNewAnyMore("only newcomers are invited")
        phone = await people.phone_index(tx, me.account_id) if me.account_id else ""
        if await store.add(tx, member_id, inviter_id):
            await _recognise(tx, member_id, {Mark.DEVICE: device, Mark.PHONE: phone})
        before = await store.locked(tx, member_id)
    if before is None or before.inviter_id != inviter_id:
        raise InvitedAlready("you came by another code")
    return await my_invites(tx, member_id)


async def _recognise(tx: Tx, newcomer_id: int, marks: Mapping[str, str]) -> str:
    """Let a newcomer own new marks, and return (and keep) the kind of one that an earlier newcomer has."""
    await store.own_marks(tx, newcomer_id, marks)
    clash = seen_before(newcomer_id, await store.owners(tx, marks))
    if clash:
        await store.note_clash(tx, newcomer_id, clash)
    return clash


async def reward_inviter(tx: Tx, *, newcomer_id: int) -> str:
    """Decide an invite once its newcomer has collected an order: a coupon for the inviter, or none and why.

    Returns the invite's state, empty when nobody invited the newcomer; told twice it decides once.
    """
    invite = await store.locked(tx, newcomer_id)
    if invite is None or invite.state != InviteState.INVITED:
        return "" if invite is None else invite.state
    why, coupon_id = await _withheld(tx, newcomer_id, invite.inviter_id, invite.clash), None
    if not why:
        coupon_id = await give_coupon(
            tx, member_id=invite.inviter_id, template=REWARD, reason="邀请的新邻居已提货", ref=f"invite:{newcomer_id}",
            source=Source.INVITE,
        )  # fmt: skip
        why = "" if coupon_id else "no_coupon"
    if why:
        await store.decide(tx, newcomer_id, "withhold", {"why": why})
        return InviteState.UNREWARDED
    await store.count_reward(tx, invite.inviter_id, await month_now(tx))
    await store.decide(tx, newcomer_id, "reward", {"coupon_id": coupon_id})
    return InviteState.REWARDED


async def _withheld(tx: Tx, newcomer_id: int, inviter_id: int, clash: str) -> str:
    known = await people.members(tx, [newcomer_id, inviter_id])
    me, inviter = known[newcomer_id], known[inviter_id]
    address = address_mark(me.station_id, me.place)
    return withheld(
        clash or await _recognise(tx, newcomer_id, {Mark.ADDRESS: address}), address=address,
        inviters_address=address_mark(inviter.station_id, inviter.place),
        rewarded=await store.lock_month(tx, inviter_id, await month_now(tx)), cap=await value_of(tx, MONTHLY_CAP),
    )  # fmt: skip

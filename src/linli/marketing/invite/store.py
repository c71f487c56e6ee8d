"""SQL of invites: one inviter per newcomer, the first owner of a mark, the month's locked counter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from linli.marketing.invite.model import INVITE
from linli.marketing.invite.records import Invite, InviteMonth, NewcomerMark
from linli.platform.database import Tx
from linli.platform.machines import move


async def add(tx: Tx, newcomer_id: int, inviter_id: int) -> bool:
    """Insert an invite; False when the newcomer has an inviter."""
    row = {
        "region_id": tx.region_id, "id": newcomer_id, "inviter_id": inviter_id, "state": INVITE.initial, "clash": "",
        "why": "",
        "coupon_id": None, "made_at": tx.now, "decided_at": None,
    }  # fmt: skip
    fresh = insert(Invite).values(**row).on_conflict_do_nothing().returning(Invite.id)
    return (await tx.execute(fresh)).first() is not None


async def locked(tx: Tx, newcomer_id: int) -> Invite | None:
    """Lock a newcomer's invite and return it."""
    here = (Invite.region_id == tx.region_id, Invite.id == newcomer_id)
    return await tx.first(select(Invite).where(*here).with_for_update())


async def own_marks(tx: Tx, newcomer_id: int, marks: Mapping[str, str]) -> None:
    """Let a newcomer own the marks that nobody owns yet (kind → mark)."""
    rows = [
        {"region_id": tx.region_id, "kind": kind, "mark": mark, "member_id": newcomer_id, "at": tx.now}
        for kind, mark in sorted(marks.items())
        if mark
    ]
    if rows:
        await tx.execute(insert(NewcomerMark).on_conflict_do_nothing(), rows)


async def owners(tx: Tx, marks: Mapping[str, str]) -> dict[str, int]:
    """Return who owns marks: kind → newcomer."""
    wanted = [and_(NewcomerMark.kind == kind, NewcomerMark.mark == mark) for kind, mark in marks.items() if mark]
    if not wanted:
        return {}
    columns = (NewcomerMark.kind, NewcomerMark.member_id)
    found = await tx.execute(select(*columns).where(NewcomerMark.region_id == tx.region_id, or_(*wanted)))
    return {row.kind: row.member_id for row in found}


async def note_clash(tx: Tx, newcomer_id: int, clash: str) -> None:
    """Keep the kind of mark by which a newcomer was seen before."""
    here = (Invite.region_id == tx.region_id, Invite.id == newcomer_id)
    await tx.execute(update(Invite).where(*here).values(clash=clash))


async def lock_month(tx: Tx, inviter_id: int, month: date) -> int:
    """Lock an inviter's month and return how many rewards it gave."""
    row = {"region_id": tx.region_id, "inviter_id": inviter_id, "month": month, "rewarded": 0}
    await tx.execute(insert(InviteMonth).values(**row).on_conflict_do_nothing())
    here = (InviteMonth.region_id == tx.region_id, InviteMonth.inviter_id == inviter_id, InviteMonth.month == month)
    return int(await tx.scalar(select(InviteMonth.rewarded).where(*here).with_for_update()))


async def count_reward(tx: Tx, inviter_id: int, month: date) -> None:
    """Count one more reward of a locked month."""
    here = (InviteMonth.region_id == tx.region_id, InviteMonth.inviter_id == inviter_id, InviteMonth.month == month)
    await tx.execute(update(InviteMonth).where(*here).values(rewarded=InviteMonth.rewarded + 1))


async def decide(tx: Tx, newcomer_id: int, verb: str, values: dict[str, Any]) -> None:
    """Move an invite to its end."""
    whole = values | {"decided_at": tx.now}
    await move(tx, Invite, INVITE, verb, key={"id": newcomer_id}, values=whole, reason=values.get("why", ""))

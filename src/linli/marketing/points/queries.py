"""Points as members and the console see them, and the region's rules about them."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select

from linli import people
from linli.marketing.points import store
from linli.marketing.points.model import MovementValue, PointsValue, Programme
from linli.marketing.points.records import PointsMovement
from linli.marketing.points.settings import EACH_YUAN, KEPT_YEARS, MOST_BP, PER_YUAN, SIGN_IN
from linli.platform.database import Tx
from linli.platform.settings import value_of

MOVEMENT = tuple(getattr(PointsMovement, name) for name in MovementValue.__dataclass_fields__)


async def programme(tx: Tx) -> Programme:
    """Return the region's rules of points."""
    return Programme(*[await value_of(tx, each) for each in (EACH_YUAN, PER_YUAN, MOST_BP, SIGN_IN, KEPT_YEARS)])


async def local_day(tx: Tx) -> date:
    """Return the region's date now."""
    return tx.now.astimezone(ZoneInfo((await people.clock_of(tx)).timezone)).date()


def sign_in_ref(member_id: int, today: date) -> str:
    """Return the ref under which a member signs in on a day."""
    return f"sign_in:{member_id}:{today.isoformat()}"


async def points_of(tx: Tx, member_id: int) -> PointsValue:
    """Return a member's points that have not expired."""
    today, rules = await local_day(tx), await programme(tx)
    parts = (await store.purses(tx, [member_id], today, lock=False)).get(member_id, [])
    ref = sign_in_ref(member_id, today)
    signed = select(PointsMovement.id).where(PointsMovement.region_id == tx.region_id, PointsMovement.ref == ref)
    have = sum(part.points for part in parts)
    return PointsValue(
        have, have * 100 // rules.per_yuan, tuple(part for part in parts if part.points),
        await tx.scalar(signed) is not None,
    )  # fmt: skip


async def movements(tx: Tx, member_id: int, *, before: int | None, limit: int) -> list[MovementValue]:
    """Return a member's movements, the newest first, those with a smaller id than `before`."""
    where = [PointsMovement.region_id == tx.region_id, PointsMovement.member_id == member_id]
    if before is not None:
        where.append(PointsMovement.id < before)
    found = await tx.execute(select(*MOVEMENT).where(*where).order_by(PointsMovement.id.desc()).limit(limit))
    return [MovementValue(*row) for row in found]

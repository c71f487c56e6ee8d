"""Gift campaigns as members and operators see them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from linli.kernel.refusals import NotFound
from linli.marketing.gift import store
from linli.marketing.gift.model import GiftFigures, GiftValue
from linli.marketing.gift.records import Gift, GiftTaking
from linli.platform.database import Tx


class NoSuchGift(NotFound):
    """There is no such gift campaign in this region."""

    title = "没有这个赠品活动"


async def gift(tx: Tx, gift_id: int) -> Gift:
    """Return a gift campaign; refuses NoSuchGift."""
    found = await tx.first(select(Gift).where(Gift.region_id == tx.region_id, Gift.id == gift_id))
    if found is None:
        raise NoSuchGift(f"no gift campaign {gift_id}")
    return found


async def gifts(tx: Tx, *, after: int, limit: int) -> Sequence[Gift]:
    """Return a page of the region's gift campaigns by id."""
    page = select(Gift).where(Gift.region_id == tx.region_id, Gift.id > after)
    return await tx.all(page.order_by(Gift.id).limit(limit))


async def figures(tx: Tx, gift_ids: Sequence[int]) -> dict[int, GiftFigures]:
    """Return how often gifts were taken with orders that stand."""
    here = (GiftTaking.region_id == tx.region_id, GiftTaking.gift_id.in_(gift_ids))
    counted = select(GiftTaking.gift_id, func.count(), func.sum(GiftTaking.worth_fen)).where(*here)
    return {row[0]: GiftFigures(row[1], int(row[2])) for row in await tx.execute(counted.group_by(GiftTaking.gift_id))}


async def gifts_for(tx: Tx, member_id: int) -> list[tuple[GiftValue, bool]]:
    """Return the gift campaigns that run now, each with whether this member took its gift before."""
    running = await store.running(tx, lock=False)
    had = await store.taken(tx, [each.id for each in running], [member_id])
    return [(each, (each.id, member_id) in had) for each in running]

"""SQL of gifts: running campaigns locked for a batch, and who took what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update

from linli.marketing.gift.model import GiftValue
from linli.marketing.gift.records import Gift, GiftTaking
from linli.platform.database import Tx

GIFT = tuple(getattr(Gift, name) for name in GiftValue.__dataclass_fields__)


async def running(tx: Tx, *, lock: bool) -> list[GiftValue]:
    """Return the campaigns that run now, locked in ascending order of id when their gifts are to be taken.

    The lock lets one batch at a time look who took a gift before.
    """
    now = (Gift.starts_at <= tx.now, Gift.ends_at > tx.now, Gift.stopped_at.is_(None))
    found = select(*GIFT).where(Gift.region_id == tx.region_id, *now).order_by(Gift.id)
    return [GiftValue(*row) for row in await tx.execute(found.with_for_update(key_share=True) if lock else found)]


async def taken(tx: Tx, gift_ids: Collection[int], member_ids: Collection[int]) -> set[tuple[int, int]]:
    """Return which of these members took which of these gifts."""
    here = (GiftTaking.region_id == tx.region_id, GiftTaking.gift_id.in_(gift_ids))
    columns = (GiftTaking.gift_id, GiftTaking.member_id)
    found = await tx.execute(select(*columns).where(*here, GiftTaking.member_id.in_(member_ids)))
    return {(row.gift_id, row.member_id) for row in found}


async def take(tx: Tx, takings: Sequence[dict[str, Any]]) -> None:
    """Insert who takes which gift with which order."""
    await tx.execute(insert(GiftTaking), [{"region_id": tx.region_id, "at": tx.now} | one for one in takings])


async def give_back(tx: Tx, order_ids: Sequence[int]) -> None:
    """Forget the gifts that orders took: their members may take them again."""
    here = (GiftTaking.region_id == tx.region_id, GiftTaking.order_id.in_(order_ids))
    await tx.execute(delete(GiftTaking).where(*here))


async def add(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a gift campaign."""
    await tx.execute(insert(Gift).values(**row))


async def stop(tx: Tx, gift_id: int) -> None:
    """Stop a gift campaign; the first time counts."""
    here = (Gift.region_id == tx.region_id, Gift.id == gift_id, Gift.stopped_at.is_(None))
    await tx.execute(update(Gift).where(*here).values(stopped_at=tx.now))

"""Reading what members hold, and checking the counters against it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from linli.platform.database import Tx
from linli.sale.offer.records import Offer
from linli.sale.stock import store
from linli.sale.stock.records import Taking


async def holdings(tx: Tx, member_id: int, offer_ids: Sequence[int]) -> dict[int, int]:
    """Return how many pieces a member holds of these offers; offers never touched are left out."""
    return await store.taken(tx, member_id, offer_ids)


async def counter_differences(tx: Tx, cycle_id: int) -> dict[int, tuple[int, int]]:
    """Return the offers of a cycle whose counter is not the sum of what members hold, as (counter, sum)."""
    held = func.coalesce(func.sum(Taking.taken), 0)
    joined = select(Offer.id, Offer.sold, held).outerjoin(
        Taking, (Taking.region_id == Offer.region_id) & (Taking.offer_id == Offer.id)
    )
    here = joined.where(Offer.region_id == tx.region_id, Offer.cycle_id == cycle_id).group_by(Offer.id, Offer.sold)
    return {row[0]: (row[1], int(row[2])) for row in await tx.execute(here) if row[1] != row[2]}

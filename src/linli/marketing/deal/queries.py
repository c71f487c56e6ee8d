"""Reading bundles for screens."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from linli.marketing.deal import store
from linli.marketing.deal.model import BundleFigures, BundleValue
from linli.marketing.deal.records import BundleUse
from linli.platform.database import Tx


async def bundles_of(tx: Tx, cycle_id: int) -> list[BundleValue]:
    """Return all bundles of a cycle, also those that were stopped."""
    return await store.bundles(tx, cycle_id=cycle_id)


async def figures(tx: Tx, ids: Collection[int]) -> dict[int, BundleFigures]:
    """Return what bundles took off orders that stand."""
    here = (BundleUse.region_id == tx.region_id, BundleUse.bundle_id.in_(ids), BundleUse.given_back_at.is_(None))
    counted = select(BundleUse.bundle_id, func.count(), func.sum(BundleUse.times), func.sum(BundleUse.taken_fen)).where(
        *here
    )
    found = await tx.execute(counted.group_by(BundleUse.bundle_id))
    return {row[0]: BundleFigures(row[1], int(row[2]), int(row[3])) for row in found}

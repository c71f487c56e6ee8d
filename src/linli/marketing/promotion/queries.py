"""Which kinds of promotion may meet in one basket, as the region has set it."""

from __future__ import annotations

from linli.kernel.price import Stacking
from linli.marketing.promotion.settings import STACKING
from linli.platform.database import Tx
from linli.platform.settings import value_of


async def stacking(tx: Tx) -> Stacking:
    """Return the region's stacking rules as the price function takes them."""
    plan = await value_of(tx, STACKING)
    return Stacking(dict(plan.most), frozenset(plan.apart))

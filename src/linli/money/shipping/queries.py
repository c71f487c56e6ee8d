"""What finance asks about frozen money."""

from __future__ import annotations

from linli.money.shipping import store
from linli.money.shipping.model import Frozen
from linli.platform.database import Tx


async def frozen(tx: Tx) -> Frozen:
    """Return what the mini program's members paid and what of it the provider still keeps for want of our word."""
    found = {("before" if row.waits else "told" if row.told else "untold"): row for row in await store.frozen(tx)}
    sums = {name: (row.fen, row.charges) for name, row in found.items()}
    untold = found.get("untold")
    nothing = (0, 0)
    return Frozen(
        *sums.get("before", nothing), *sums.get("untold", nothing), *sums.get("told", nothing),
        untold.oldest if untold else None,
    )  # fmt: skip

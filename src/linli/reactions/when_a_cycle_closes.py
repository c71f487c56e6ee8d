"""When a cycle closes, its night is planned: demand is frozen, goods are bought, purchase orders go out."""

from __future__ import annotations

from linli import sale, supply
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(sale.CycleClosed)
async def the_night_is_planned(tx: Tx, fact: sale.CycleClosed) -> None:
    """Plan the night for the instant the demand is due; after a reopening it is planned anew."""
    await supply.plan_night(tx, cycle_id=fact.cycle_id)

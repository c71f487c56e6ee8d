"""Placing a cycle's standing orders: batch by batch, each in a transaction of its own."""

from __future__ import annotations

from functools import partial

from linli.ordering.standing.commands import place_standing
from linli.ordering.standing.events import PlaceStandingOrders
from linli.platform.installation import Installation
from linli.platform.jobs import carries


@carries(PlaceStandingOrders)
async def place_all(installation: Installation, region_id: int, wish: PlaceStandingOrders) -> None:
    """Place batch after batch until none is due; begun again it goes on where it stopped."""
    batch = partial(place_standing, cycle_id=wish.cycle_id)
    while await installation.db.run(batch, region_id, by="system:standing"):
        pass

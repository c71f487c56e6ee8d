"""When a leader has signed for a station's goods: the provider hears of it, and the shop's money is set free."""

from __future__ import annotations

from linli import fulfilment, money
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(fulfilment.StationDelivered)
async def the_shop_s_money_is_set_free(tx: Tx, fact: fulfilment.StationDelivered) -> None:
    """Have the provider told of the hand-over of everything that was paid in the mini program."""
    await money.goods_handed_over(tx, cycle_id=fact.cycle_id, station_id=fact.station_id)

"""The job that tells the provider of a hand-over; it may run any number of times."""

from __future__ import annotations

from functools import partial

from linli.money.channels.interface import ChannelTrouble, ShippingRequest, ShopMoney
from linli.money.shipping import commands, store
from linli.money.shipping.events import TellShipping
from linli.money.shipping.model import CHANNEL
from linli.platform.installation import Installation
from linli.platform.jobs import carries

BY = "system:shipping"


@carries(TellShipping)
async def tell(installation: Installation, region_id: int, wish: TellShipping) -> None:
    """Tell of a hand-over; trouble is written down and the job comes back. What was given back whole is not told."""
    async with installation.db.transaction(region_id, by=BY) as tx:
        row = await store.wished(tx, wish.charge_id)
    if row is None or row.told_at is not None or row.left_fen <= 0:
        return
    channel: ShopMoney | None = installation.channels.get(CHANNEL)
    if channel is None:
        raise ChannelTrouble("WeChat Pay is not configured any more")
    noted = partial(commands.note_told, charge_id=wish.charge_id)
    try:
        await channel.upload_shipping(ShippingRequest(row.provider_no, row.payer, row.description, row.handed_over_at))
    except ChannelTrouble as trouble:
        await installation.db.run(partial(noted, trouble=str(trouble)), region_id, by=BY)
        raise
    await installation.db.run(noted, region_id, by=BY)

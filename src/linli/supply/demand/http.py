"""Console route of frozen demand."""

from datetime import datetime

from linli.platform.web import Audience, CallOf, PublicId, View
from linli.supply.demand import queries

console = Audience("console", "demand")
routers = [console.router]


class SkuDemandView(View):
    """What a cycle wants of a sku."""

    offer_id: PublicId
    sku_id: PublicId
    quantity: int
    stations: int


class DemandView(View):
    """The frozen demand of a cycle; `whole` when its lines still have the digest they were frozen with."""

    cycle_id: PublicId
    lines: int
    pieces: int
    digest: str
    frozen_at: datetime
    whole: bool
    skus: list[SkuDemandView]


@console.get("/cycles/{cycle_id}/demand", permission="demand.read")
async def see_demand(cycle_id: PublicId, call: CallOf) -> DemandView:
    async with call.reading() as tx:
        found = await queries.demand(tx, cycle_id)
        whole = await queries.demand_is_whole(tx, cycle_id)
        skus = [SkuDemandView.model_validate(each) for each in await queries.demand_by_sku(tx, cycle_id)]
    return DemandView(
        cycle_id=found.cycle_id, lines=found.lines, pieces=found.pieces, digest=found.digest,
        frozen_at=found.frozen_at, whole=whole, skus=skus,
    )  # fmt: skip

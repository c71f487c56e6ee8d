"""Console route of the night."""

from datetime import datetime

from linli import sale
from linli.platform.web import Audience, CallOf, PublicId, View
from linli.supply.night import queries

console = Audience("console", "night")
routers = [console.router]


class StepView(View):
    """One step of the night."""

    step: str
    state: str
    planned_at: datetime
    done_at: datetime | None
    rows: int
    millis: int


class NightView(View):
    """How far the night of a cycle is."""

    cycle_id: PublicId
    cycle_state: str
    demand_at: datetime
    steps: list[StepView]


@console.get("/cycles/{cycle_id}/night", permission="purchase.manage")
async def see_night(cycle_id: PublicId, call: CallOf) -> NightView:
    async with call.reading() as tx:
        cycle = await sale.cycle(tx, cycle_id)
        steps = [StepView.model_validate(each) for each in await queries.night_of(tx, cycle_id)]
    return NightView(cycle_id=cycle_id, cycle_state=str(cycle.state), demand_at=cycle.demand_at, steps=steps)

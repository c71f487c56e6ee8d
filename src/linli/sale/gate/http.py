"""Console routes of the gate: opening, closing and reopening a cycle by hand."""

from pydantic import AwareDatetime

from linli.platform.database import Tx
from linli.platform.web import Audience, Body, CallOf, Instant, PublicId, Short, View
from linli.sale.cycle.model import CycleState, CycleValue
from linli.sale.gate import commands

console = Audience("console", "gate")
routers = [console.router]


class Closing(Body):
    """Why a cycle is closed ahead of its time."""

    reason: Short


class Reopening(Body):
    """Why a closed cycle takes orders again, and until when (its own cut-off when nothing is given)."""

    reason: Short
    until: Instant | None = None


class GateView(View):
    """Where a cycle stands after the gate moved."""

    id: PublicId
    state: CycleState
    opens_at: AwareDatetime
    cut_off_at: AwareDatetime
    grace_until: AwareDatetime
    demand_at: AwareDatetime
    closings: int
    closed_at: AwareDatetime | None

    @classmethod
    def of(cls, value: CycleValue) -> "GateView":
        """Return the view of a cycle."""
        return cls.model_validate(value)


@console.post("/cycles/{cycle_id}/opening", permission="cycle.manage")
async def open_now(cycle_id: PublicId, call: CallOf) -> GateView:
    async def work(tx: Tx) -> GateView:
        return GateView.of(await commands.open_now(tx, cycle_id=cycle_id))

    return await call.write(work)


@console.post("/cycles/{cycle_id}/closing", permission="cycle.manage")
async def close_now(cycle_id: PublicId, body: Closing, call: CallOf) -> GateView:
    async def work(tx: Tx) -> GateView:
        return GateView.of(await commands.close_now(tx, cycle_id=cycle_id, reason=body.reason))

    return await call.write(work)


@console.post("/cycles/{cycle_id}/reopening", permission="region.manage")
async def reopen(cycle_id: PublicId, body: Reopening, call: CallOf) -> GateView:
    """Reopen a closed cycle before it is bought for; only an administrator may."""

    async def work(tx: Tx) -> GateView:
        return GateView.of(await commands.reopen(tx, cycle_id=cycle_id, reason=body.reason, until=body.until))

    return await call.write(work)

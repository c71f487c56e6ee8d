"""Planning the night of a cycle and taking its steps, each in one transaction and once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from linli import ordering, sale
from linli.kernel.refusals import Conflict, NotFound
from linli.platform.database import Tx
from linli.platform.machines import move
from linli.platform.stopwatch import Stopwatch
from linli.supply.demand.commands import freeze_demand
from linli.supply.night import store
from linli.supply.night.events import PurchaseOrdersOut, RunNight
from linli.supply.night.model import STEP, Step, StepState
from linli.supply.night.records import StepRow
from linli.supply.purchase.commands import make_purchase_orders, wish_sending

Work = Callable[..., Awaitable[int]]


class NoNightPlanned(NotFound):
    """The cycle was not cut off yet."""

    title = "该团期尚未截单"


class StepOutOfTurn(Conflict):
    """An earlier step of the night is not done; facts: step, missing."""

    title = "前一步骤尚未完成"


async def plan_night(tx: Tx, *, cycle_id: int) -> None:
    """Leave the wish that a closed cycle's night is run when its demand is due; planned again after a reopening."""
    cycle = await sale.cycle(tx, cycle_id)
    await store.add_steps(tx, cycle_id)
    await tx.enqueue(RunNight(cycle_id), due_at=max(cycle.demand_at, tx.now))


async def night_may_begin(tx: Tx, *, cycle_id: int) -> bool:
    """Tell whether the steps of a night may be taken now; one that comes too early is wished again for its instant.

    A cycle that takes orders again has no night: its next cut-off plans one.
    """
    rows = await store.steps_of(tx, cycle_id)
    if not rows:
        return False
    if rows[0].state == StepState.DONE:
        return True
    cycle = await sale.cycle(tx, cycle_id)
    if cycle.state != sale.CycleState.CLOSED:
        return False
    if tx.now < cycle.demand_at:
        await tx.enqueue(RunNight(cycle_id), due_at=cycle.demand_at)
        return False
    return True


async def take_step(tx: Tx, *, cycle_id: int, step: Step, work: Work | None = None) -> bool:
    """Take one step of a cycle's night under the lock of its row; True when it was taken now, False when it was before.

    `work` is what a later room does in its steps; it returns how many rows it handled. Refuses NoNightPlanned and
    StepOutOfTurn.
    """
    row = await store.locked_step(tx, cycle_id, step)
    if row is None:
        raise NoNightPlanned(f"no night is planned for cycle {cycle_id}")
    if row.state == StepState.DONE:
        return False
    before = list(Step)[: list(Step).index(step)]
    done = {each.step for each in await store.steps_of(tx, cycle_id) if each.state == StepState.DONE}
    if missing := [each.value for each in before if each.value not in done]:
        raise StepOutOfTurn(f"{step} comes after {missing}", step=step.value, missing=missing)
    watch = Stopwatch()
    rows = await (work or WORK[step])(tx, cycle_id=cycle_id)
    values = {"done_at": tx.now, "rows": rows, "millis": watch.millis()}
    await move(tx, StepRow, STEP, "finish", key={"id": row.id}, values=values)
    return True


async def _freeze(tx: Tx, *, cycle_id: int) -> int:
    # The cycle moves first: its row then keeps payments and a reopening out until the demand is committed.
    await sale.advance(tx, cycle_id=cycle_id, verb="buy")
    await ordering.confirm_cycle(tx, cycle_id=cycle_id)
    return (await freeze_demand(tx, cycle_id=cycle_id)).lines


async def _purchase(tx: Tx, *, cycle_id: int) -> int:
    orders = await make_purchase_orders(tx, cycle_id=cycle_id)
    await ordering.advance_cycle(tx, cycle_id=cycle_id, verb="buy")
    return len(orders)


async def _send(tx: Tx, *, cycle_id: int) -> int:
    orders = await wish_sending(tx, cycle_id=cycle_id)
    await sale.advance(tx, cycle_id=cycle_id, verb="receive")
    await tx.announce(PurchaseOrdersOut(cycle_id, orders))
    return orders


WORK: dict[Step, Work] = {Step.FREEZE: _freeze, Step.PURCHASE: _purchase, Step.SEND: _send}

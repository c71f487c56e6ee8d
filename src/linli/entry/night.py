"""The night taken in hand: the steps of a region's cycles that can be taken now, by one process or by several."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import linli.fulfilment
import linli.people
import linli.sale
import linli.supply
import linli.warehouse
from linli.platform.database import Tx
from linli.platform.installation import Installation
from linli.platform.stopwatch import Stopwatch
from linli.supply.night.jobs import run_night
from linli.warehouse.sorting.jobs import run_sorting

BY = "system:night"


@dataclass
class Shift:
    """What one process did: when it began and ended (seconds since the epoch), its steps, its largest memory."""

    began: float
    ended: float = 0.0
    memory_kib: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)


async def regions_of(installation: Installation) -> list[int]:
    """Return every region in order of its number."""
    async with installation.db.transaction(0, by=BY) as tx:
        return [region.id for region in await linli.people.regions(tx)]


async def work_regions(installation: Installation, regions: Sequence[int]) -> Shift:
    """Take every step that can be taken now in the given regions, one region after another; safe beside a worker."""
    shift = Shift(time.time())
    for region_id in regions:
        shift.steps += await run_region(installation, region_id)
    shift.ended = time.time()
    shift.memory_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return shift


async def run_region(installation: Installation, region_id: int) -> list[dict[str, Any]]:
    """Cut off what is due in a region and take the steps of its nights that can be taken; returns those taken."""
    watch = Stopwatch()
    closed, nights = await installation.db.run(_open_nights, region_id, by=BY)
    taken = [_step(region_id, 0, "cut_off", closed, watch.millis())] if closed else []
    for night in nights:
        before = {step.step for step in night.steps if step.done_at is not None}
        if linli.supply.Step.SEND not in before:
            await run_night(installation, region_id, linli.supply.RunNight(night.cycle_id))
        if await _ask(installation, region_id, linli.warehouse.receiving_is_finished, night.cycle_id):
            await run_sorting(installation, region_id, linli.warehouse.SortCycle(night.cycle_id))
            await _plan_delivery(installation, region_id, night.cycle_id)
        taken += [
            _step(region_id, night.cycle_id, step.step, step.rows, step.millis)
            for step in await _ask(installation, region_id, linli.supply.night_of, night.cycle_id)
            if step.done_at is not None and step.step not in before
        ]
    return taken


def _step(region_id: int, cycle_id: int, step: str, rows: int, millis: int) -> dict[str, Any]:
    return {"region": region_id, "cycle": str(cycle_id), "step": step, "rows": rows, "millis": millis}


async def _open_nights(tx: Tx) -> tuple[int, list[linli.supply.NightValue]]:
    """Cut off what is due and plan its night; returns how many cycles that were, and the nights not over."""
    closed = await linli.sale.close_due(tx)
    for cycle in await linli.sale.cycles_in(tx, "closed"):
        if not await linli.supply.night_of(tx, cycle.id):
            await linli.supply.plan_night(tx, cycle_id=cycle.id)
    return closed, [night for night in await linli.supply.nights(tx) if night.following]


async def _plan_delivery(installation: Installation, region_id: int, cycle_id: int) -> None:
    wave = await _ask(installation, region_id, linli.warehouse.wave, cycle_id)
    if wave.state == "finished":
        step, work = linli.supply.Step.PLAN_DELIVERY, linli.fulfilment.expect_handovers
        take = partial(linli.supply.take_step, cycle_id=cycle_id, step=step, work=work)
        await installation.db.run(take, region_id, by=BY)


async def _ask(installation: Installation, region_id: int, question: Any, cycle_id: int) -> Any:
    async with installation.db.transaction(region_id, by=BY) as tx:
        return await question(tx, cycle_id)


async def status(installation: Installation, regions: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Return how far each region's nights are, since when, and when they will be done by the pace measured so far."""
    found: list[tuple[int, linli.supply.NightValue]] = []
    for region_id in regions or await regions_of(installation):
        async with installation.db.transaction(region_id, by=BY) as tx:
            found += [(region_id, night) for night in await linli.supply.nights(tx)]
    nights = [night for _, night in found]
    measured, sizes = linli.supply.pace(nights), [linli.supply.size(night) for night in nights]
    known = [size for size in sizes if size]
    usual = sum(known) // len(known) if known else 0
    workers = sum(any(step.working for step in night.steps) for night in nights)
    now = installation.clock.now()
    return [_told(region, night, linli.supply.forecast(night, measured, usual, workers=workers, now=now))
            for region, night in found]  # fmt: skip


def _told(region_id: int, night: linli.supply.NightValue, forecast: linli.supply.Forecast | None) -> dict[str, Any]:
    following = night.following
    done = [step for step in night.steps if step.done_at is not None]
    since = done[-1].done_at if done else night.steps[0].planned_at
    state = "done" if following is None else "working" if following.working else "waiting"
    return {
        "region": region_id,
        "cycle": str(night.cycle_id),
        "step": following.step if following else done[-1].step,
        "state": state,
        "since": since,
        "forecast": asdict(forecast) if forecast else None,
        "steps": [asdict(step) for step in night.steps],
    }


async def check(installation: Installation, regions: Sequence[int] | None = None) -> dict[str, Any]:
    """Return whether every piece of the nights is accounted for: ordered, bought, sorted or short, handed over."""
    found: dict[str, Any] = {"whole": True, "nights": 0, "untruths": []}
    for region_id in regions or await regions_of(installation):
        async with installation.db.transaction(region_id, by=BY) as tx:
            for night in await linli.supply.nights(tx):
                lies = await linli.fulfilment.untruths(tx, night.cycle_id)
                found["nights"] += 1
                found["untruths"] += [{"region": region_id, "cycle": str(night.cycle_id)} | asdict(lie) for lie in lies]
    found["whole"] = not found["untruths"]
    return found


async def share_of(installation: Installation, part: int, parts: int, regions: Sequence[int] | None) -> Shift:
    """Work every `parts`-th region from the `part`-th on, as one of several processes does."""
    mine = list(regions or await regions_of(installation))[part::parts]
    return await work_regions(installation, mine)

"""One whole business day in stages, from the published cycle to the ledger check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from linli.rehearsal import aftermath, afternoon, chain, evening, morning, night
from linli.rehearsal import papers as printing
from linli.rehearsal.diary import Day, Stage, Told
from linli.rehearsal.story import Story
from linli.rehearsal.town import Country, Town
from linli.rehearsal.world import World

STAGES: tuple[Stage, ...] = (
    Stage("publish", "发布", "publish", evening.publish),
    Stage("opening", "开团", "open", evening.opening),
    Stage("chain", "接龙", "chain", chain.chain, lambda day: day.shape.chain),
    Stage("ordering", "下单", "order", evening.ordering, lambda day: not day.shape.chain),
    Stage("paying", "支付", "pay", evening.paying, lambda day: not day.shape.chain),
    Stage("changing_minds", "反悔", "cancel", evening.changing_minds, lambda day: not day.shape.chain),
    Stage("on_behalf", "代下单", "for others", evening.on_behalf, lambda day: not day.shape.chain),
    Stage("cut_off", "截单", "cut-off", night.cut_off),
    Stage("buying", "采购", "buy", night.buying),
    Stage("receiving", "收货", "receive", morning.receiving),
    Stage("shortages", "缺货", "shortage", morning.shortages),
    Stage("sorting", "分拣", "sort", morning.sorting, lambda day: day.shape.warehouse),
    Stage("standing_ready", "点货", "ready", morning.standing_ready, lambda day: not day.shape.warehouse),
    Stage("driving", "配送", "drive", afternoon.driving, lambda day: day.shape.vans),
    Stage("handover", "交接", "handover", afternoon.handover),
    Stage("pickup", "提货", "pick up", afternoon.pickup),
    Stage("rotten", "售后", "after-sale", aftermath.rotten, lambda day: not day.shape.chain),
    Stage("earnings", "佣金", "commission", aftermath.earnings),
)


PRINTED_AFTER = frozenset({"sorting", "standing_ready"})


async def live_day(
    world: World, country: Country, town: Town, delivery_date: date, story: Story, folder: Path | None = None
) -> Day:
    """Live one day of a town through the API and tell it; papers go into the folder, where one is given."""
    day = Day(world, country, town, delivery_date)
    stages = [stage for stage in STAGES if stage.wanted(day)]
    if folder is not None:
        at = next(place for place, stage in enumerate(stages, 1) if stage.name in PRINTED_AFTER)
        stages.insert(at, _printing(folder))
    await live_stages(day, stages, story)
    return day


async def live_stages(day: Day, stages: Sequence[Stage], story: Story) -> None:
    """Live the stages a day wants, one after another, and tell each."""
    wanted = [stage for stage in stages if stage.wanted(day)]
    mischief = day.world.mischief
    with story.day(len(wanted)):
        for stage in wanted:
            if mischief is not None:
                mischief.arm(worker=stage.name in ("paying", "chain"), database=stage.name == "buying")
            with story.stage(stage):
                told = await stage.act(day)
            day.figures.update(told.figures)
            story.tell(stage, day.world.clock.now(), told)


def _printing(folder: Path) -> Stage:
    async def act(day: Day) -> Told:
        return await printing.print_papers(day, folder)

    return Stage("papers", "打印", "print", act)

"""The run of a rehearsal: towns are founded and live their days, statements are written, all books are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from linli.kernel.calendar import week_of
from linli.rehearsal.aftermath import pay_back_by_hand, statements
from linli.rehearsal.day import live_day
from linli.rehearsal.diary import Day
from linli.rehearsal.preset import Preset
from linli.rehearsal.reconcile import Reckoning, reckon
from linli.rehearsal.story import ZONE, Story
from linli.rehearsal.town import Country, Town, found_country, found_town, people_move_in
from linli.rehearsal.world import World

FRIDAY = date(2026, 11, 20)
NUMBERS = ("一", "二", "三", "四", "五", "六", "七")
SETTLED_AFTER = timedelta(hours=3)


@dataclass
class Rehearsal:
    """What was lived, and what came of it."""

    country: Country
    towns: list[Town] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    reckoning: Reckoning = field(default_factory=Reckoning)
    settled: dict[str, int] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Return every figure of the stages, summed over the days, and those of the reckoning over them."""
        summed: dict[str, int] = {}
        for day in self.days:
            for name, value in day.figures.items():
                summed[name] = summed.get(name, 0) + value
        return summed | self.settled | self.reckoning.figures


def beginning() -> datetime:
    """Return the instant at which every rehearsal begins: a Friday morning, so that statements are due soon."""
    return datetime.combine(FRIDAY, time(8), ZONE).astimezone(UTC)


async def rehearse(
    world: World,
    invitation: str,
    plan: Sequence[tuple[Preset, int]],
    story: Story,
    papers: Path | None = None,
    password: str = "",
) -> Rehearsal:
    """Live the days of each preset one after another, go on to the week's statements and compare all books."""
    country = await found_country(world, invitation, password)
    lived = Rehearsal(country)
    delivery = FRIDAY + timedelta(days=1)
    for preset, days in plan:
        town = await found_town(world, country, preset)
        lived.towns.append(town)
        chinese = f"{preset.title} · {len(town.stations)} 个自提点"
        story.chapter(chinese, preset.english, preset.about)
        if not preset.day.chain:
            await people_move_in(world, country, town, preset.town.members)
            story.say(
                f"{len(town.members)} 位会员凭短信验证码加入", f"{len(town.members)} members joined by phone code"
            )
        for _ in range(days):
            await world.at(publishing(preset, delivery), every=timedelta(hours=6))
            lived.days.append(await live_day(world, country, town, delivery, story, papers))
            delivery += timedelta(days=2)
    await until_statements(world, lived)
    lived.settled = await statements(lived.towns)
    lived.reckoning = await reckon(world, lived.towns, lived.days)
    return lived


def publishing(preset: Preset, delivery: date) -> datetime:
    """Return when the preset publishes the cycle of a delivery date."""
    hour, minute = str(preset.clock.get("publish", "14:00")).split(":")
    wall = datetime.combine(delivery - timedelta(days=1), time(int(hour), int(minute)), ZoneInfo("Asia/Shanghai"))
    return wall.astimezone(UTC)


async def until_statements(world: World, lived: Rehearsal) -> None:
    """Let time pass beyond the Monday after the last day, and until nothing is on its way at the provider."""
    monday = week_of(world.clock.now(), "Asia/Shanghai").ends_at
    await world.at(monday + SETTLED_AFTER, every=timedelta(hours=6))
    for _ in range(200):
        await world.step()
        due = world.provider.next_due()
        if due is None:
            break
        await world.at(max(due, world.clock.now() + timedelta(minutes=10)), every=timedelta(hours=6))
    for town in lived.towns:
        await pay_back_by_hand(town)
    await world.at(world.clock.now() + timedelta(minutes=30), every=timedelta(minutes=30))

"""`linli replay`: what real households bought, lived again as cycles of community group buying."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, Literal

import typer

from linli.entry import clock
from linli.entry.cli.rehearse import invite, preset, world_of
from linli.entry.scratch import Scratch, Terms, scratch
from linli.platform.telemetry import configure_logs
from linli.rehearsal import (
    PackageMissing,
    Preset,
    Shopping,
    Story,
    beginning,
    digest,
    read_shopping,
    relive,
    resized,
    summary,
)

INSTALL = ".venv/bin/uv sync --inexact --group replay"
WEEKS = re.compile(r"([0-9]{1,2})(?:-([0-9]{1,2}))?")
LAST_WEEK, LONGEST_NAME = 53, 40
A_STATION_FOR = 25


def replay(
    source: Annotated[Literal["completejourney"], typer.Argument(help="a grocer's till, 2,469 households, one year")],
    weeks: Annotated[str, typer.Option(help="weeks of the year, 5 or 5-6; every day of them becomes a cycle")],
    region: Annotated[str, typer.Option(help="name of the region the households live in")],
    households: Annotated[int, typer.Option(min=1, max=2_469, help="households, drawn by the seed")] = 300,
    products: Annotated[int, typer.Option(min=1, max=2_000, help="products on the list, those that sold best")] = 300,
    seed: Annotated[int, typer.Option(help="the same seed lives the same weeks")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for machines")] = False,
) -> None:
    """Order what real households bought, day by day through the public API; exit code 1 when not all reconciles."""
    configure_logs("CRITICAL")
    first, last = between(weeks)
    if not 1 <= len(region.strip()) <= LONGEST_NAME:
        raise typer.BadParameter(f"a name has 1 to {LONGEST_NAME} characters", param_hint="--region")
    began = time.perf_counter()
    try:
        shopping = read_shopping(first, last, households=households, articles=products, seed=seed)
    except PackageMissing as missing:
        typer.echo(f"The baskets come with an optional package ({missing}). Install it:\n\n    {INSTALL}\n", err=True)
        raise typer.Exit(2) from missing
    chosen = sized(preset("replay"), shopping, region.strip())
    reading = time.perf_counter() - began
    report = asyncio.run(replayed(chosen, shopping, seed=seed, story=Story(silent=as_json)))
    report |= {"weeks": [first, last], "reading_seconds": round(reading, 1)}
    report["total_seconds"] = round(time.perf_counter() - began, 1)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    raise typer.Exit(0 if report["reconciled"] else 1)


def between(weeks: str) -> tuple[int, int]:
    """Return the first and last week of "5" or "5-8"; refuses what is not within 1 to 53."""
    found = WEEKS.fullmatch(weeks.strip())
    first = int(found[1]) if found else 0
    last = int(found[2] or first) if found else 0
    if not 1 <= first <= last <= LAST_WEEK:
        raise typer.BadParameter(f"weeks are 1 to {LAST_WEEK}, such as 5 or 5-8", param_hint="--weeks")
    return first, last


def sized(chosen: Preset, shopping: Shopping, region: str) -> Preset:
    """Return the preset with a region that is large enough for the households and the list."""
    people = len(shopping.households)
    stations = min(100, max(2, people // A_STATION_FOR))
    return resized(chosen, members=people, stations=stations, products=len(shopping.articles), region_name=region)


async def replayed(chosen: Preset, shopping: Shopping, *, seed: int, story: Story, url: str = "") -> dict[str, Any]:
    """Live the weeks on a scratch installation and return the report of every rehearsal, with what was left out."""
    async with scratch(beginning(), Terms(seed), url=url) as made:
        world = world_of(made, seed=seed)
        world.tick = _with_partitions(made)
        story.title("邻里 Linli · 回放", f"replay of {len(shopping.days)} days of real baskets, seed {seed}")
        lived = await relive(world, await invite(made), chosen, shopping, story)
        report = summary(lived, world, (await digest(made.installation.db))[0], story)
    tally = shopping.tally.report()
    _show(tally, story)
    return report | tally | {"households": len(shopping.households), "days": len(shopping.days)}


def _show(tally: dict[str, Any], story: Story) -> None:
    rows = [
        ("购物篮", "baskets placed of read", f"{tally['baskets_placed']} / {tally['baskets_read']}"),
        ("明细", "lines placed of read", f"{tally['lines_placed']} / {tally['lines_read']}"),
        ("限购削减件数", "pieces above an order's limit", str(tally["pieces_over_limit"])),
    ]
    rows += [("未下单明细", why.replace("_", " "), str(count)) for why, count in tally["left_out"].items()]
    story.figures("真实购物篮 real baskets", rows)


def _with_partitions(made: Scratch) -> Callable[[], Awaitable[None]]:
    """Return a tick that also makes the coming week's partitions once a day, as a worker does: a replay lasts weeks."""
    seen: set[date] = set()

    async def tick() -> None:
        today = made.clock.now().date()
        if today not in seen:
            seen.add(today)
            await clock.daily(made.installation)
        await clock.tick(made.installation)

    return tick

"""`linli simulate`, `linli demo`: whole business days lived through the public API on a scratch installation."""

from __future__ import annotations

import gc
import json
import secrets
import sys
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import typer

import linli.people
from linli.entry import clock
from linli.entry.accidents import mischief_for
from linli.entry.beside import DeliveredBeside, Helper, shared_with, start_helper, worker_beside
from linli.entry.scratch import Scratch, Terms, scratch
from linli.entry.showing import address_of, show
from linli.platform.loop import run_quickly
from linli.platform.telemetry import configure_logs
from linli.rehearsal import (
    RATES,
    Preset,
    Story,
    Wire,
    World,
    beginning,
    digest,
    read_preset,
    rehearse,
    resized,
    summary,
)

PRESETS = ("starter", "meituan")
AT_ONCE = 6
NEIGHBOURS = 25


def preset(name: str) -> Preset:
    """Return a preset that is shipped, by its name."""
    with as_file(files("linli.entry") / "presets" / f"{name}.toml") as path:
        return read_preset(path)


def world_of(made: Scratch, *, seed: int, parallel: int = 1, faults: bool = False) -> World:
    """Give a rehearsal the world of a scratch installation: how time passes in it, and what goes wrong there."""
    installation = made.installation
    wire = Wire(made.http, made.clock.now)
    world = World(
        wire,
        made.clock,
        made.provider,
        tick=lambda: clock.tick(installation),
        drain=lambda: installation.runner.drain(at_once=parallel),
        sms_log=installation.config.home / "sms.log",
        seed=seed,
        parallel=parallel,
    )
    if faults:
        world.mischief = mischief_for(made, seed)
        wire.unclear = world.mischief.unclear
    return world


def _steady() -> None:
    """Keep logs out of the story, and collect garbage rarely: it costs an eighth of a run that ends soon anyway."""
    configure_logs("CRITICAL")
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


async def invite(made: Scratch) -> str:
    """Return the one-time token of the first administrator, as `linli admin invite` prints it."""
    return await made.installation.db.run(linli.people.invite_administrator, 0, by="cli")


Days = Annotated[int, typer.Option(min=1, max=7, help="days to live")]
Members = Annotated[int | None, typer.Option(min=1, max=5_000, help="members; for starter the entries of the chain")]
Stations = Annotated[int | None, typer.Option(min=1, max=118, help="stations")]
Faults = Annotated[bool, typer.Option("--faults", help="lose notices, kill workers and the database")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for machines")]


def simulate(
    preset_name: Annotated[str, typer.Option("--preset", help="starter or meituan")] = "meituan",
    days: Days = 1,
    members: Members = None,
    stations: Stations = None,
    seed: Annotated[int, typer.Option(help="the same seed lives the same days")] = 1,
    faults: Faults = False,
    as_json: AsJson = False,
) -> None:
    """Live whole days under a preset through the public API; exit code 1 when not every number reconciles."""
    _steady()
    if preset_name not in PRESETS:
        raise typer.BadParameter(f"there are {', '.join(PRESETS)}", param_hint="--preset")
    chosen = resized(preset(preset_name), members=members, stations=stations)
    report = run_quickly(simulated(chosen, days=days, seed=seed, faults=faults, story=Story(silent=as_json)))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    raise typer.Exit(0 if report["reconciled"] else 1)


async def simulated(
    chosen: Preset, *, days: int, seed: int, faults: bool, story: Story, url: str = ""
) -> dict[str, Any]:
    """Live the days on a scratch installation, one person after another, and return the report."""
    async with scratch(beginning(), Terms(seed, RATES if faults else {}), url=url) as made:
        world = world_of(made, seed=seed, faults=faults)
        wrong = ", with faults" if faults else ""
        story.title("邻里 Linli · 彩排", f"rehearsal of {days} day(s), seed {seed}{wrong}")
        lived = await rehearse(world, await invite(made), [(chosen, days)], story)
        return summary(lived, world, (await digest(made.installation.db))[0], story)


def demo(
    papers: Annotated[Path, typer.Option(help="where the papers are written")] = Path("linli-papers"),
    members: Annotated[int, typer.Option(min=1, max=5_000, help="members of the second day")] = 500,
    seed: Annotated[int, typer.Option(help="the same seed lives the same days")] = 7,
    port: Annotated[int, typer.Option(help="port on loopback; another free one when it is taken")] = 8620,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="leave the API running at the end")] = True,
    as_json: AsJson = False,
) -> None:
    """Live two days, a leader's chat group and a city company, write their papers, then leave the API running."""
    papers.mkdir(parents=True, exist_ok=True)
    _steady()
    helper = start_helper("fork" if sys.platform == "linux" else "spawn")
    report = run_quickly(
        lived_demo(papers.resolve(), helper, members=members, seed=seed, port=port, serving=serving, silent=as_json)
    )
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    raise typer.Exit(0 if report["reconciled"] else 1)


async def lived_demo(
    papers: Path,
    helper: Helper | None = None,
    *,
    members: int,
    seed: int,
    port: int = 8620,
    serving: bool = False,
    silent: bool = False,
    url: str = "",
) -> dict[str, Any]:
    """Live the two days of the demo, return the report, and serve until interrupted when told so."""
    began, story = time.perf_counter(), Story(silent=silent)
    story.title("邻里 Linli · 社区团购的两天", "two days of community group buying, lived through the public API")
    address, listener = address_of(port) if serving else ("http://127.0.0.1:8620", None)
    terms = Terms(seed, secret=secrets.token_hex(32), address=address)
    async with scratch(beginning(), terms, url=url) as made:
        plan = [(resized(preset("starter"), members=NEIGHBOURS), 1), (resized(preset("meituan"), members=members), 1)]
        password = f"Linli-{secrets.token_urlsafe(9)}"
        async with worker_beside(made, terms, helper or start_helper()) as worker:
            world = world_of(made, seed=seed, parallel=AT_ONCE)
            world.drain, world.provider = worker.quiet, DeliveredBeside(made.provider)
            async with shared_with(made) as world.wire.http:
                lived = await rehearse(world, await invite(made), plan, story, papers, password)
        report = summary(lived, world, (await digest(made.installation.db))[0], story)
        report["total_seconds"] = round(time.perf_counter() - began, 1)
        story.say(f"两天共用 {report['total_seconds']} 秒，单据在 {papers}", "papers of both days")
        if listener is not None:
            await show(made, lived, listener, story)
    return report

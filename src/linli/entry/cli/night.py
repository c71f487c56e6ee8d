"""`linli night`: how far the nights are, their steps taken by hand, and the proof of every piece."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from linli.entry import night as nights
from linli.entry.opening import opened
from linli.platform.config import Config
from linli.platform.telemetry import configure_logs

app = typer.Typer(help="The night: from cut-off to the vans.", no_args_is_help=True)
Region = Annotated[list[int] | None, typer.Option(help="a region; every region when none is named")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for machines")]
ONE_OF = "from linli.entry.cli import main; main()"


@app.command()
def run(
    region: Region = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes side by side")] = 1,
    part: Annotated[int, typer.Option(hidden=True)] = -1,
    as_json: AsJson = False,
) -> None:
    """Take every step that can be taken now; safe beside workers, and to be stopped and repeated at any point."""
    configure_logs()
    if part >= 0:
        shift = asyncio.run(_shift(region, part, workers))
        typer.echo(msgspec.json.encode(asdict(shift)).decode())
        return
    report = asyncio.run(_run(region, workers))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        _show_run(report)


async def _shift(region: list[int] | None, part: int, parts: int) -> nights.Shift:
    async with opened(Config()) as installation:
        return await nights.share_of(installation, part, parts, region)


async def _run(region: list[int] | None, workers: int) -> dict[str, Any]:
    named = [argument for number in region or [] for argument in ("--region", str(number))]
    command = [sys.executable, "-c", ONE_OF, "night", "run", "--workers", str(workers), *named]
    if workers == 1:
        shifts = [asdict(await _shift(region, 0, 1))]
    else:
        crew = [
            await asyncio.create_subprocess_exec(*command, "--part", str(part), stdout=asyncio.subprocess.PIPE)
            for part in range(workers)
        ]
        told = await asyncio.gather(*(process.communicate() for process in crew))
        if any(process.returncode for process in crew):
            raise typer.Exit(1)
        shifts = [json.loads(out) for out, _ in told]
    return {
        "seconds": round(max(s["ended"] for s in shifts) - min(s["began"] for s in shifts), 3),
        "workers": workers,
        "memory_kib": sum(shift["memory_kib"] for shift in shifts),
        "steps": [step for shift in shifts for step in shift["steps"]],
    }


@app.command()
def status(region: Region = None, as_json: AsJson = False) -> None:
    """Say how far each region is, since when, and when it will be done by the pace measured so far."""
    configure_logs()
    found = asyncio.run(_status(region))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _show_status(found)


async def _status(region: list[int] | None) -> list[dict[str, Any]]:
    async with opened(Config()) as installation:
        return await nights.status(installation, region)


def _show_status(found: list[dict[str, Any]]) -> None:
    table = Table(title="linli night status", title_justify="left", box=None)
    for head in ("region", "cycle", "step", "state", "rows", "since", "done about"):
        table.add_column(head)
    for line in found:
        forecast = line["forecast"]
        rows = sum(step["rows"] for step in line["steps"] if step["done_at"])
        until = f"{forecast['until']} {forecast['done_at']:%m-%d %H:%M:%S}" if forecast else "–"
        since = f"{line['since']:%m-%d %H:%M:%S}"
        table.add_row(str(line["region"]), line["cycle"], line["step"], line["state"], f"{rows:,}", since, until)
    Console().print(table)


def _show_run(report: dict[str, Any]) -> None:
    for step in report["steps"]:
        typer.echo(f"region {step['region']}  {step['step']:<14}{step['rows']:>10,} rows{step['millis']:>8,} ms")
    typer.echo(f"{len(report['steps'])} steps in {report['seconds']} s")


@app.command()
def check(region: Region = None, as_json: AsJson = False) -> None:
    """Prove that every piece is accounted for, to the piece and gram; exit code 1 when one is not."""
    configure_logs()
    report = asyncio.run(_check(region))
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        for lie in report["untruths"]:
            about = f"region {lie['region']}, cycle {lie['cycle']}, sku {lie['sku_id']}: {lie['what']}"
            typer.echo(f"{about}: expected {lie['expected']}, found {lie['found']}")
        typer.echo(
            f"{report['nights']} nights: " + ("every piece is accounted for" if report["whole"] else "NOT WHOLE")
        )
    raise typer.Exit(0 if report["whole"] else 1)


async def _check(region: list[int] | None) -> dict[str, Any]:
    async with opened(Config()) as installation:
        return await nights.check(installation, region)

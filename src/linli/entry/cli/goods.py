"""`linli goods`: the whole catalogue in and out as Excel or CSV."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import linli.catalog
from linli.entry.opening import opened
from linli.kernel.refusals import Refusal
from linli.platform.config import Config
from linli.platform.database import Tx
from linli.platform.papers import CsvList, ExcelList

app = typer.Typer(help="The catalogue as Excel or CSV.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print JSON for machines")]
SHOWN = 20


@app.command("import")
def import_goods(
    file: Annotated[Path, typer.Argument(help="an .xlsx, .xls or .csv file", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only check; change nothing")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="import the good rows when some are bad")] = False,
    as_json: Json = False,
) -> None:
    """Import goods; a product that is known by code, barcode or name is changed.

    Exit code 1 when a row is bad, 2 when the file cannot be read.
    """
    if dry_run and skip_bad:
        raise typer.BadParameter("choose --dry-run or --skip-bad")
    mode = "check" if dry_run else "skip_bad" if skip_bad else "all"
    try:
        raw = file.read_bytes()
        with _bar("checking" if dry_run else "importing") as bar:
            report = asyncio.run(_import(raw, mode, _told(bar)))
    except (OSError, Refusal) as error:
        code = error.code if isinstance(error, Refusal) else "file_unreadable"
        facts = error.facts if isinstance(error, Refusal) else {}
        _say({"code": code, "detail": str(error), **facts}, as_json)
        raise typer.Exit(1 if code == "goods_rows_bad" else 2) from error
    _say(report, as_json)
    raise typer.Exit(1 if report["bad"] else 0)


@app.command("export")
def export_goods(
    file: Annotated[Path, typer.Argument(help="where to write; .xlsx or .csv", dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Export the whole catalogue, a row for each size; the file can be imported again as it is."""
    if file.suffix not in (".xlsx", ".csv"):
        raise typer.BadParameter("name the file .xlsx or .csv")
    with _bar("exporting") as bar:
        rows = asyncio.run(_export(file, _told(bar)))
    typer.echo(json.dumps({"rows": rows, "file": str(file)}) if as_json else f"{rows:,} rows in {file}")


async def _import(raw: bytes, mode: str, tell: Callable[[int], None]) -> dict[str, Any]:
    async with opened(Config()) as installation:

        async def work(tx: Tx) -> Any:
            return await linli.catalog.import_goods(tx, raw=raw, mode=mode, tell=tell)

        return asdict(await installation.db.run(work, 0, by="command line"))


async def _export(file: Path, tell: Callable[[int], None]) -> int:
    async with opened(Config()) as installation:
        writer = CsvList(file) if file.suffix == ".csv" else ExcelList(file, "商品", [])
        try:
            async with installation.db.transaction(0, by="command line") as tx:
                return await linli.catalog.write_goods(tx, writer, tell)
        finally:
            writer.close()


def _bar(doing: str) -> Progress:
    """Return a progress bar on the error output, so that --json stays alone on the other one."""
    shown = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeElapsedColumn())
    return Progress(*shown, console=Console(stderr=True), transient=True)


def _told(bar: Progress) -> Callable[[int], None]:
    task = bar.add_task("rows", total=None)
    return lambda rows: bar.update(task, completed=rows)


def _say(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for name, value in report.items():
        if name not in ("problems", "bad_rows"):
            typer.echo(f"{name:<16}{value}")
    if bad := report.get("bad_rows"):
        typer.echo(f"{'bad rows':<16}{', '.join(bad)}")
    for each in report.get("problems", ())[:SHOWN]:
        typer.echo(f"  row {each['row']}  {each['column']}  {each['code']}  {each['found']}")

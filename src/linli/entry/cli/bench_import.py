"""`linli bench import`: how fast a goods sheet comes into the catalogue."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import linli.catalog
from linli.bench import bench_import, ground
from linli.entry.opening import opened
from linli.platform.config import Config
from linli.platform.database import Tx
from linli.platform.telemetry import configure_logs

WORDS = (
    ("rows", "rows of the sheet, all new", "{:,}"),
    ("seconds", "imported in, process start included", "{:.2f} s"),
    ("rows_per_s", "rows a second", "{:,}"),
    ("cpu_s", "processor time of the process", "{:.2f} s"),
    ("peak_mib", "peak memory of the process", "{:,} MiB"),
    ("dry_run_seconds", "checked only in", "{:.2f} s"),
    ("again_seconds", "the same file once more in", "{:.2f} s"),
    ("rows_kept", "rows kept (products and sizes)", "{:,}"),
    ("copy_seconds", "bare COPY of the kept rows, no indexes", "{:.3f} s"),
    ("of_copy", "share of that limit", "{:.1%}"),
)


def goods(
    rows: Annotated[int, typer.Option(min=1, max=400_000, help="rows of the sheet")] = 100_000,
    csv: Annotated[bool, typer.Option("--csv", help="a CSV file instead of Excel")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for machines")] = False,
) -> None:
    """Import a goods sheet through the command line; exit code 1 when a row was lost or doubled."""
    configure_logs("CRITICAL")
    # A bench that is stopped takes its scratch database away with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    report = asyncio.run(_goods(rows, excel=not csv))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        table = Table(title=f"linli bench import · {report['file']}", title_justify="left", box=None)
        table.add_column("what")
        table.add_column("measured", justify="right")
        for name, words, form in WORDS:
            table.add_row(words, form.format(report[name]))
        Console().print(table)
    whole = report["skus_new"] == report["skus_known_again"] == rows == report["rows_kept"] - (rows + 1) // 2
    raise typer.Exit(0 if whole else 1)


async def _goods(rows: int, *, excel: bool) -> dict[str, Any]:
    with ground(Config().database_url) as here:
        async with opened(Config(home=here.home, database_url=here.url, development=True)) as installation:

            async def category(tx: Tx) -> None:
                await linli.catalog.add_category(tx, name="量尺", storage_class="ambient", commission_bp=1_000)

            await installation.db.run(category, 0, by="bench")
        return await bench_import(here, rows=rows, excel=excel)

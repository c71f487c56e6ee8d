"""`linli bench night` and `linli bench documents`: how fast a country is bought and sorted, and its papers printed."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from linli.bench import Ground, NightWanted, bench_night, ground
from linli.entry.opening import opened
from linli.platform.config import Config
from linli.platform.telemetry import configure_logs

AsJson = Annotated[bool, typer.Option("--json", help="print JSON for machines")]
ORDERS_OF_A_REGION = 10_000


def night(
    orders: Annotated[int, typer.Option(min=1, max=50_000_000, help="paid three-line orders")] = 200_000,
    regions: Annotated[int, typer.Option(min=0, help="regions; one for every 10,000 orders by default")] = 0,
    stations: Annotated[int, typer.Option(min=1, max=50_000, help="stations of each region")] = 100,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes that share the regions")] = 2,
    as_json: AsJson = False,
) -> None:
    """Run the night of so many orders on a scratch database; exit code 1 when a step was not taken everywhere."""
    configure_logs("CRITICAL")
    # A bench that is stopped takes its server and its scratch database away with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    wanted = NightWanted(orders, regions or max(1, orders // ORDERS_OF_A_REGION), stations, workers)
    report = asyncio.run(_night(wanted))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _show(report)
    raise typer.Exit(0 if report["complete"] else 1)


async def _night(wanted: NightWanted) -> dict[str, Any]:
    with ground(Config().database_url) as here:
        async with opened(_config(here)) as installation:
            return await bench_night(wanted, here, installation, installation.clock.now().date())


def _config(here: Ground) -> Config:
    return Config(home=here.home, database_url=here.url, development=True, statement_timeout_ms=3_600_000)


def _show(report: dict[str, Any]) -> None:
    table = Table(title=f"linli bench night · {report['orders']:,} orders, {report['regions']} regions", box=None)
    for head in ("step", "busy", "rows", "rows/s"):
        table.add_column(head, justify="left" if head == "step" else "right")
    for name, step in report["steps"].items():
        table.add_row(name, f"{step['busy_s']:.2f} s", f"{step['rows']:,}", f"{step['rows_per_s']:,}")
    console = Console()
    console.print(table)
    written = sum(report["wal_bytes"][name] for name in ("buying", "sorting"))
    told = (
        f"{report['seconds']:.2f} s with {report['workers']} workers, {report['orders_per_s']:,} orders/s; "
        f"log written {written / 2**20:,.0f} MiB; memory: application {report['app_memory_kib'] / 1024:,.0f} MiB, "
        f"database {report['db_memory_kib'] / 1024:,.0f} MiB; bare COPY of the same rows "
        f"{report['copy_seconds_of_the_same_rows']} s"
    )
    console.print(told)

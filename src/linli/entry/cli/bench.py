"""`linli bench`: how fast this installation is on this machine, as a table for people and JSON for machines."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx2
import typer
from rich.console import Console
from rich.table import Table

import linli.money
import linli.people
from linli.bench import OrdersWanted, PaymentsWanted, Surroundings, bench_orders, bench_payments, ground
from linli.entry.opening import opened
from linli.entry.web import build_app
from linli.platform.config import Config
from linli.platform.telemetry import configure_logs

app = typer.Typer(help="How fast this machine runs the platform; on a scratch database.", no_args_is_help=True)
WORDS = (
    ("orders_per_s", "orders accepted a second", "{:,.0f}"),
    ("answers_per_s", "answers a second, refusals too", "{:,.0f}"),
    ("p50_ms", "half are answered within", "{:.1f} ms"),
    ("p90_ms", "90 of 100 are answered within", "{:.1f} ms"),
    ("p99_ms", "99 of 100 are answered within", "{:.1f} ms"),
    ("app_cpu_us", "application, per order", "{:,} µs CPU"),
    ("db_cpu_us", "database, per order", "{:,} µs CPU"),
    ("generator_cpu_us", "load generator, per order", "{:,} µs CPU"),
    ("oversold", "pieces oversold", "{:,}"),
    ("counter_differences", "offers whose counter differs from its lines", "{:,}"),
    ("lost_or_doubled", "orders acknowledged and not kept once", "{:,}"),
    ("noop_http_per_s", "the same requests to a handler that does nothing", "{:,.0f} /s"),
    ("of_noop_http", "share of that limit", "{:.1%}"),
    ("copy_rows_per_s", "bare COPY of the same rows", "{:,} rows/s"),
    ("of_copy", "share of that limit", "{:.1%}"),
)
PAYMENT_WORDS = (
    ("notices_per_s", "notices verified and kept a second", "{:,.0f}"),
    ("p50_ms", "half are answered within", "{:.1f} ms"),
    ("p99_ms", "99 of 100 are answered within", "{:.1f} ms"),
    ("acted_on_per_s", "acted on a second afterwards, one worker", "{:,.0f}"),
    ("app_cpu_us", "application, per notice", "{:,} µs CPU"),
    ("db_cpu_us", "database, per notice", "{:,} µs CPU"),
    ("generator_cpu_us", "load generator, per notice", "{:,} µs CPU"),
    ("lost_or_doubled", "notices acknowledged and not acted on once", "{:,}"),
    ("noop_http_per_s", "the same requests to a handler that does nothing", "{:,.0f} /s"),
    ("of_noop_http", "share of that limit", "{:.1%}"),
)


@app.callback()
def _group() -> None:
    """How fast this machine runs the platform; on a scratch database."""


@app.command()
def orders(
    seconds: Annotated[float, typer.Option(min=1, max=600, help="measured seconds, after one to warm up")] = 10.0,
    connections: Annotated[int, typer.Option(min=1, max=2_000, help="open connections")] = 256,
    rate: Annotated[
        float, typer.Option(min=0, help="orders a second at fixed instants; 0: as fast as answers come")
    ] = 0.0,
    members: Annotated[int, typer.Option(min=1, max=100_000, help="members who order")] = 5_000,
    hot: Annotated[bool, typer.Option("--hot", help="four baskets in five want the same item")] = False,
    rush: Annotated[bool, typer.Option("--rush", help="everybody wants one item of which there are 100")] = False,
    grouped: Annotated[
        bool, typer.Option("--group/--no-group", help="--no-group: one transaction an order, for comparison")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for machines")] = False,
) -> None:
    """Place three-line orders through a real server process; exit code 1 when one was oversold, lost or doubled."""
    configure_logs("CRITICAL")
    if hot and rush:
        raise typer.BadParameter("choose --hot or --rush")
    wanted = OrdersWanted(seconds, connections, rate, members, "hot" if hot else "rush" if rush else "spread", grouped)
    # A bench that is stopped takes its server and its scratch database away with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    report = asyncio.run(_orders(wanted))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _show(report)
    broken = report["oversold"] or report["counter_differences"] or report["lost_or_doubled"] or report["broken_orders"]
    raise typer.Exit(1 if broken or not report["orders_kept"] else 0)


async def _orders(wanted: OrdersWanted) -> dict[str, Any]:
    with ground(Config().database_url) as here:
        config = Config(home=here.home, database_url=here.url, development=True)
        async with opened(config) as installation:
            transport = httpx2.ASGITransport(app=build_app(installation))
            async with httpx2.AsyncClient(transport=transport, base_url="http://bench.test") as http:
                invitation = await installation.db.run(linli.people.invite_administrator, 0, by="bench")
                around = Surroundings(http, invitation, installation.key, here.url)
                today = installation.clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date()
                return await bench_orders(wanted, here, around, today)


@app.command()
def payments(
    seconds: Annotated[float, typer.Option(min=1, max=600, help="measured seconds, after one to warm up")] = 10.0,
    connections: Annotated[int, typer.Option(min=1, max=2_000, help="open connections")] = 256,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for machines")] = False,
) -> None:
    """Take in signed payment notices through a real server process; exit code 1 when one was lost, doubled, refused."""
    configure_logs("CRITICAL")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    report = asyncio.run(_payments(PaymentsWanted(seconds, connections)))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _show(report, PAYMENT_WORDS)
    raise typer.Exit(1 if report["lost_or_doubled"] or set(report["answers"]) != {"200"} else 0)


async def _payments(wanted: PaymentsWanted) -> dict[str, Any]:
    with ground(Config().database_url) as here:
        config = Config(home=here.home, database_url=here.url)
        async with opened(config) as installation:

            async def act(region_id: int) -> int:
                return await installation.db.run(linli.money.poll_unanswered, region_id, by="bench")

            today = installation.clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date()
            return await bench_payments(wanted, here, act, today)


def _show(report: dict[str, Any], words: tuple[tuple[str, str, str], ...] = WORDS) -> None:
    machine = report["machine"]
    table = Table(
        title=f"linli bench {report['bench']} · {report.get('loop', 'closed')} loop", title_justify="left", box=None
    )
    table.add_column("what")
    table.add_column("measured", justify="right")
    for name, said, form in words:
        table.add_row(said, "–" if report[name] is None else form.format(report[name]))
    about = (
        f"{machine['cores']} cores · Python yardstick {machine['python_yardstick_ms']} ms · "
        f"fsync {machine['fsync_p50_us']} µs · PostgreSQL {machine['server_version']}, fsync {machine['fsync']}, "
        f"synchronous_commit {machine['synchronous_commit']}"
    )
    console = Console()
    console.print(table)
    console.print(about, style="dim")
    console.print(f"answers by status: {report['answers']}", style="dim")

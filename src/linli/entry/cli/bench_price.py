"""`linli bench price`: how long the price of a basket takes."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from linli.bench import bench_price

WORDS = (
    ("us", "a basket with a coupon and a step discount", "{:.1f} µs"),
    ("us_best", "the best round", "{:.1f} µs"),
    ("bar_us", "is to take at most", "{:.0f} µs"),
    ("plain_us", "the same basket without promotions", "{:.1f} µs"),
    ("bare_us", "the bare arithmetic", "{:.1f} µs"),
    ("discounted", "baskets that met both discounts", "{:,}"),
    ("wrong", "baskets whose lines do not sum up", "{:,}"),
)


def price(
    lines: Annotated[int, typer.Option(min=1, max=100, help="lines of a basket")] = 3,
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="measured seconds at least")] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for machines")] = False,
) -> None:
    """Price random baskets; exit code 1 when the lines of one do not sum up."""
    report = bench_price(lines=lines, seconds=seconds)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        table = Table(title=f"linli bench price · {lines} lines", title_justify="left", box=None)
        table.add_column("what")
        table.add_column("measured", justify="right")
        for name, words, form in WORDS:
            table.add_row(words, form.format(report[name]))
        Console().print(table)
        machine = report["machine"]
        Console().print(f"{machine['cores']} cores · Python yardstick {machine['python_yardstick_ms']} ms", style="dim")
    raise typer.Exit(1 if report["wrong"] else 0)

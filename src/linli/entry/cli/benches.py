"""`linli bench`: all measures together."""

from __future__ import annotations

from linli.entry.cli import bench, bench_import, bench_night, bench_price

app = bench.app
app.command("import")(bench_import.goods)
app.command("night")(bench_night.night)
app.command("price")(bench_price.price)

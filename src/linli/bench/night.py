"""`bench night`: the night of a whole country from cut-off to delivery tasks, beside a bare COPY of the same rows."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import psutil
import psycopg
from psycopg import sql

from linli import supply, warehouse
from linli.bench import country, database
from linli.bench.country import OFFERS, Country
from linli.bench.database import Ground
from linli.bench.machine import measure_machine
from linli.platform.installation import Installation

RUN = "from linli.entry.cli import main; main()"
ROWS = (
    "supply.demand_lines", "supply.purchase_lines", "warehouse.sort_items", "warehouse.totes", "warehouse.short_lines",
    "fulfilment.handovers",
)  # fmt: skip


@dataclass(frozen=True)
class NightWanted:
    """How large it is: orders of three lines, regions, stations of each region, and how many workers share it."""

    orders: int
    regions: int
    stations: int = 100
    workers: int = 2


async def bench_night(wanted: NightWanted, ground: Ground, installation: Installation, today: date) -> dict[str, Any]:
    """Return the figures of a night as plain data; the ground must hold an up-to-date, empty installation."""
    machine = await asyncio.to_thread(measure_machine, ground.home)
    server = await asyncio.to_thread(database.describe, ground.url)
    made = Country(wanted.regions, wanted.orders, wanted.stations, today + timedelta(days=1), installation.clock.now())
    began = time.perf_counter()
    await asyncio.to_thread(_generate, ground.url, made)
    generated = time.perf_counter() - began
    phases: dict[str, dict[str, Any]] = {}
    async with _watched(ground, phases, "buying") as phase:
        phase["run"] = await _run(wanted, ground)
    async with _watched(ground, phases, "arrival"):
        await _arrive(installation, made)
    async with _watched(ground, phases, "sorting") as phase:
        phase["run"] = await _run(wanted, ground)
    kept = await asyncio.to_thread(_kept, ground.url)
    copied = await asyncio.to_thread(database.copy_rows_per_s, ground.url)
    return _report(wanted, phases, kept, copied, generated, machine | server)


def _generate(url: str, made: Country) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        country.found(connection, made)
    regions = list(made.numbers)

    def some(part: list[int]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for region in part:
                country.fill(connection, made, region)

    threads = [threading.Thread(target=some, args=(regions[at::2],)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("ordering.orders", "ordering.lines"):
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(*name.split("."))))
        connection.execute("CHECKPOINT")


async def _run(wanted: NightWanted, ground: Ground) -> dict[str, Any]:
    """Take the steps that can be taken by `linli night run`, as an operator would."""
    command = [sys.executable, "-c", RUN, "night", "run", "--workers", str(wanted.workers), "--json"]
    env = {
        **os.environ, "LINLI_HOME": str(ground.home), "LINLI_DATABASE_URL": ground.url, "LINLI_LOG_LEVEL": "CRITICAL",
        "LINLI_STATEMENT_TIMEOUT_MS": "3600000",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"linli night run ended with code {process.returncode}")
    found: dict[str, Any] = json.loads(out)
    return found


async def _arrive(installation: Installation, made: Country) -> None:
    """Let every supplier deliver all it was asked for, but a pack of the scarce product."""
    for region in made.numbers:
        async with installation.db.transaction(region, by="bench") as tx:
            cycle_id = (await supply.nights(tx))[0].cycle_id
            orders = await supply.purchase_orders(tx, cycle_id=cycle_id)
        for order in orders:
            lines = [_arrival(line) for line in order.lines]
            receive = partial(warehouse.receive, po_id=order.id, arrivals=lines, signed_by="bench")
            await installation.db.run(receive, region, by="bench")


def _arrival(line: supply.PurchaseLineValue) -> warehouse.Arrival:
    short = line.pack_size if line.sku_id == OFFERS + 1 else 0  # more than rounding brought: somebody comes out short
    cold = {"chilled": 50, "frozen": -180}.get(line.storage_class)
    return warehouse.Arrival(
        line.sku_id, accepted=line.quantity - short, short=short, temperature_tenths=cold, lot="B1"
    )


@asynccontextmanager
async def _watched(ground: Ground, phases: dict[str, dict[str, Any]], name: str) -> AsyncIterator[dict[str, Any]]:
    """Measure a phase: seconds, bytes of log written, processor seconds and largest memory of the database."""
    phase: dict[str, Any] = {}
    postmaster = await asyncio.to_thread(database.postmaster, ground.url)
    written, cpu = _position(ground.url), _cpu(postmaster)
    stop, peaks = threading.Event(), [0]
    watch = threading.Thread(target=_sample, args=(postmaster, stop, peaks))
    watch.start()
    began = time.perf_counter()
    try:
        yield phase
    finally:
        phase["seconds"] = round(time.perf_counter() - began, 3)
        stop.set()
        await asyncio.to_thread(watch.join)
        phase["wal_bytes"] = _position(ground.url) - written
        phase["db_cpu_s"] = round(_cpu(postmaster) - cpu, 2)
        phase["db_memory_kib"] = peaks[0]
        phases[name] = phase


def _position(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").fetchone()
    return int(found[0]) if found else 0


def _family(postmaster: int | None) -> list[psutil.Process]:
    if postmaster is None:
        return []
    parent = psutil.Process(postmaster)
    return [parent, *parent.children(recursive=True)]


def _cpu(postmaster: int | None) -> float:
    """Return the processor seconds of the server; the parent counts its children that ended."""
    total = 0.0
    for number, process in enumerate(_family(postmaster)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + (0 if number else times.children_user + times.children_system)
    return total


def _sample(postmaster: int | None, stop: threading.Event, peaks: list[int]) -> None:
    while not stop.wait(0.5):
        used = 0
        for process in _family(postmaster):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                used += process.memory_full_info().pss
        peaks[0] = max(peaks[0], used // 1024)


def _kept(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        found = {}
        for name in ROWS:
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*name.split(".")))
            ).fetchone()
            found[name] = int(str(row[0])) if row else 0
    return found


def _report(
    wanted: NightWanted, phases: dict[str, dict[str, Any]], kept: dict[str, int], copied: int, generated: float,
    machine: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    runs = [phases[name]["run"] for name in ("buying", "sorting")]
    steps: dict[str, dict[str, float]] = {}
    for step in (step for run in runs for step in run["steps"]):
        sums = steps.setdefault(step["step"], {"busy_s": 0.0, "rows": 0, "regions": 0})
        sums["busy_s"] += step["millis"] / 1_000
        sums["rows"] += step["rows"]
        sums["regions"] += 1
    for sums in steps.values():
        sums["busy_s"] = round(sums["busy_s"], 3)
        sums["rows_per_s"] = round(sums["rows"] / sums["busy_s"]) if sums["busy_s"] else 0
    seconds = round(sum(run["seconds"] for run in runs), 3)
    written = sum(kept.values())
    return {
        "bench": "night",
        "orders": wanted.orders,
        "lines": wanted.orders * 3,
        "regions": wanted.regions,
        "workers": wanted.workers,
        "seconds": seconds,
        "orders_per_s": round(wanted.orders / seconds) if seconds else 0,
        "steps": steps,
        "complete": all(sums["regions"] == wanted.regions for sums in steps.values()) and len(steps) == 7,
        "rows": kept,
        "wal_bytes": {name: phase["wal_bytes"] for name, phase in phases.items()},
        "db_cpu_s": {name: phase["db_cpu_s"] for name, phase in phases.items()},
        "app_memory_kib": max(run["memory_kib"] for run in runs),
        "db_memory_kib": max(phase["db_memory_kib"] for phase in phases.values()),
        "arrival_seconds": phases["arrival"]["seconds"],
        "generation_seconds": round(generated, 3),
        "copy_rows_per_s": copied,
        "copy_seconds_of_the_same_rows": round((wanted.orders * 4 + written) / copied, 3) if copied else None,
        "machine": machine,
    }

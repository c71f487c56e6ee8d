"""The bench places real orders through a real server process and tells the truth about them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from typer.testing import CliRunner

from linli.bench import Ground, ground
from linli.bench.database import postmaster, what_was_kept
from linli.bench.load import Plan, percentile, shoot
from linli.bench.processes import cpu_of
from linli.entry.cli import app

KEYS = {
    "orders_per_s", "p50_ms", "p99_ms", "app_cpu_us", "db_cpu_us", "generator_cpu_us", "oversold", "machine",
    "noop_http_per_s", "copy_rows_per_s", "of_noop_http", "of_copy", "lost_or_doubled",
}  # fmt: skip


def run(*options: str) -> dict[str, object]:
    """Run the program for a moment and return its JSON."""
    answer = CliRunner().invoke(app, ["bench", "orders", "--seconds", "2", "--members", "20", *options, "--json"])
    assert answer.exit_code == 0, answer.output
    report: dict[str, object] = json.loads(answer.stdout)
    return report


@pytest.mark.long
def test_orders_are_placed_and_every_acknowledged_one_is_kept() -> None:
    report = run()
    assert report.keys() >= KEYS
    assert report["orders_per_s"] > 5  # type: ignore[operator]
    assert set(report["answers"]) == {"200"}  # type: ignore[call-overload]
    assert (report["oversold"], report["lost_or_doubled"], report["counter_differences"]) == (0, 0, 0)
    assert report["app_cpu_us"] > 0 < report["db_cpu_us"]  # type: ignore[operator]


@pytest.mark.long
def test_in_a_rush_exactly_what_there_is_gets_sold() -> None:
    report = run("--rush", "--seconds", "30")
    assert report["orders_kept"] == 100
    assert (report["oversold"], report["lost_or_doubled"]) == (0, 0)
    assert "sold_out" in json.dumps(report["samples"])


async def test_the_generator_counts_every_answer_and_times_from_when_a_request_was_due() -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().split(b"content-length:")[1].split(b"\r")[0])
            seen.append(head + await reader.readexactly(length))
            status = b"409 Conflict" if len(seen) % 2 else b"200 OK"
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\n{}")

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    # 4 connections at 0.05 s an answer manage 80 a second; 160 are due, so the later ones wait longer and longer.
    plan = Plan(
        host="127.0.0.1", port=port, path="/orders", seconds=1.0, warm_up=0.1, connections=4, rate=160.0, tokens=["t"],
        bodies=['{"a": 1}'],
    )  # fmt: skip
    figures = await shoot(plan)
    server.close()
    keys = [head.split(b"Idempotency-Key: ")[1].split(b"\r")[0] for head in seen]
    assert len(keys) == len(set(keys)) == figures["sent"]
    assert figures["unanswered"] == 0
    assert 60 <= figures["answered_per_s"] <= 81
    assert abs(figures["answers"]["200"] - figures["answers"]["409"]) <= 4
    assert figures["p99_ms"] > 200 > 50
    assert all(b"Authorization: Bearer t\r\n" in head and head.endswith(b'{"a": 1}') for head in seen)


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([], 50) == 0.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 3.0
    assert percentile([float(n) for n in range(100)], 99) == 99.0


@pytest.fixture(scope="module")
def scratch_ground(server_url: str) -> Iterator[Ground]:
    """A scratch database beside the tests' own."""
    with ground(server_url) as here:
        yield here


def test_a_scratch_database_is_made_and_removed(server_url: str) -> None:
    with ground(server_url) as here:
        name = urlsplit(here.url).path[1:]
        assert here.home.is_dir()
    with psycopg.connect(server_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_database WHERE datname = %s", (name,)).fetchone() == (0,)
    assert not here.home.exists()


def test_a_bench_that_is_stopped_leaves_nothing_behind(server_url: str) -> None:
    env = {**os.environ, "LINLI_DATABASE_URL": server_url}
    command = [sys.executable, "-c", "from linli.entry.cli import main; main()", "bench", "orders", "--members", "5"]
    bench = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    name = f"linli_bench_{bench.pid}"

    def there() -> bool:
        with psycopg.connect(server_url) as connection:
            found = connection.execute("SELECT count(*) FROM pg_database WHERE datname = %s", (name,)).fetchone()
        return found == (1,)

    try:
        until = time.monotonic() + 60
        while not there() and time.monotonic() < until:
            time.sleep(0.05)
        assert there()
        bench.terminate()
        assert bench.wait(60) == 128 + signal.SIGTERM
        assert not there()
    finally:
        bench.kill()


def test_the_work_of_backends_is_counted(scratch_ground: Ground) -> None:
    found = postmaster(scratch_ground.url)
    if found is None:
        pytest.skip("the server runs on another machine")
    before = cpu_of(found)
    with psycopg.connect(scratch_ground.url) as connection:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            connection.execute("SELECT count(*) FROM generate_series(1, 100000)")
        during = cpu_of(found)
    assert during > before


def test_an_oversold_offer_a_false_counter_and_an_uneven_order_are_seen(scratch_ground: Ground) -> None:
    """Bare tables with only the columns the reckoning reads: the real ones refuse such rows by their CHECKs."""
    bad = """
        CREATE SCHEMA ordering; CREATE SCHEMA sale; CREATE SCHEMA platform;
        CREATE TABLE platform.outbox (id int);
        CREATE TABLE sale.offers (region_id int, id int, sold int, stock_limit int);
        CREATE TABLE ordering.orders (region_id int, biz_date date, id int, state text, payable_fen int);
        CREATE TABLE ordering.lines
            (region_id int, biz_date date, order_id int, offer_id int, quantity int, payable_fen int);
        INSERT INTO sale.offers VALUES (1, 1, 5, 5), (1, 2, 3, 9);
        INSERT INTO ordering.orders VALUES (1, '2026-11-24', 1, 'placed', 700), (1, '2026-11-24', 2, 'cancelled', 100);
        INSERT INTO ordering.lines VALUES
            (1, '2026-11-24', 1, 1, 7, 500), (1, '2026-11-24', 1, 2, 3, 300), (1, '2026-11-24', 2, 2, 1, 100);
    """
    with psycopg.connect(scratch_ground.url, autocommit=True) as connection:
        connection.execute(bad.encode())
    kept = what_was_kept(scratch_ground.url)
    assert (kept.orders, kept.lines) == (2, 3)
    assert kept.oversold == 2
    assert kept.counter_differences == 1
    assert kept.broken_orders == 1

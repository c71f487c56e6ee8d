"""`bench orders`: three-line orders placed through a real server process, beside the limits of the same machine."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from linli.bench import database, processes
from linli.bench.database import Ground
from linli.bench.load import Plan
from linli.bench.machine import measure_machine
from linli.bench.market import Market, Surroundings, open_market

Shape = Literal["spread", "hot", "rush"]
LIMIT_SECONDS, BASKETS, COUPON_EVERY, RUSH_BUYERS = 3.0, 2_000, 5, 10_000
MOST_PER_S = 9_000  # coupons are made for so many orders a second
SERVE = "from linli.entry.cli import main; main()"
# One transaction an order, as many at once as there are connections: what group commit is measured against.
UNGROUPED = (
    "import linli.platform.installation as i; from linli.platform.gathering import Limits; "
    "i.GATHERING = Limits(largest=1, lanes=16); " + SERVE
)


@dataclass(frozen=True)
class OrdersWanted:
    """How it runs: measured seconds, connections, orders per second (0: closed loop), members, the shape of baskets,
    and whether orders that arrive together are written together."""

    seconds: float = 10.0
    connections: int = 256
    rate: float = 0.0
    members: int = 5_000
    shape: Shape = "spread"
    grouped: bool = True


async def bench_orders(wanted: OrdersWanted, ground: Ground, around: Surroundings, today: date) -> dict[str, Any]:
    """Return the figures of placing orders as plain data; the ground must hold an up-to-date, empty installation."""
    machine = await asyncio.to_thread(measure_machine, ground.home)
    server = await asyncio.to_thread(database.describe, ground.url)
    rush = wanted.shape == "rush"
    coupons = 0 if rush else int((wanted.rate or MOST_PER_S) * (wanted.seconds + 2) / COUPON_EVERY)
    members = max(wanted.members, RUSH_BUYERS) if rush else wanted.members
    market = await open_market(around, members=members, coupons=coupons, today=today)
    bodies = _bodies(market, wanted.shape)
    noop = await _noop(wanted, ground, market, bodies)
    port = processes.free_port()
    command = [
        sys.executable,
        "-c",
        SERVE if wanted.grouped else UNGROUPED,
        "serve",
        "--port",
        str(port),
        "--no-worker",
    ]
    env = {"LINLI_HOME": str(ground.home), "LINLI_DATABASE_URL": ground.url, "LINLI_LOG_LEVEL": "CRITICAL"}
    async with processes.serving(command, port, "/health/ready", env) as pid:
        postmaster = await asyncio.to_thread(database.postmaster, ground.url)
        watched = {"app": pid} if postmaster is None else {"app": pid, "db": postmaster}
        plan = _plan(wanted, market, bodies, port, f"orders-{wanted.shape}")
        plan.once = market.couponed(wanted.shape == "hot")
        shot = await processes.fire(plan, ground.home, watched)
    kept = await asyncio.to_thread(database.what_was_kept, ground.url)
    copied = await asyncio.to_thread(database.copy_rows_per_s, ground.url)
    return _report(wanted, shot, kept, noop, copied, machine | server)


def _bodies(market: Market, shape: Shape) -> list[str]:
    match shape:
        case "spread":
            return market.spread(BASKETS)
        case "hot":
            return market.hot(BASKETS)
        case "rush":
            return market.rush()


def _plan(wanted: OrdersWanted, market: Market, bodies: list[str], port: int, mark: str) -> Plan:
    return Plan(
        host="127.0.0.1", port=port, path="/app/orders", seconds=wanted.seconds, tokens=market.tokens, bodies=bodies,
        connections=wanted.connections, rate=wanted.rate, mark=mark,
    )  # fmt: skip


async def _noop(wanted: OrdersWanted, ground: Ground, market: Market, bodies: list[str]) -> float:
    """Return how many of the same requests a second a handler answers that does nothing."""
    port = processes.free_port()
    command = [sys.executable, "-m", "uvicorn", "linli.bench.noop:app", "--port", str(port), "--log-level", "critical"]
    plan = _plan(wanted, market, bodies, port, "noop")
    plan.path, plan.seconds, plan.rate = "/", min(wanted.seconds, LIMIT_SECONDS), 0.0
    async with processes.serving(command, port, "/", {}):
        shot = await processes.fire(plan, ground.home, {})
    return float(shot["per_s"])


def _report(
    wanted: OrdersWanted, shot: dict[str, Any], kept: database.Kept, noop: float, copied: int, machine: dict[str, Any]
) -> dict[str, Any]:
    accepted = max(1, shot["accepted"])

    def micros(seconds: float | None) -> int | None:
        return None if seconds is None else round(seconds * 1_000_000 / accepted)

    used = shot["cpu_of"]
    rows_per_s = shot["per_s"] * (kept.orders + kept.lines) / max(1, kept.orders)
    return {
        "bench": f"orders/{wanted.shape}" + ("" if wanted.grouped else "/no-group"),
        "loop": f"open at {wanted.rate:.0f}/s" if wanted.rate else "closed",
        "seconds": wanted.seconds,
        "connections": wanted.connections,
        "orders_per_s": round(shot["per_s"], 1),
        "answers_per_s": round(shot["answered_per_s"], 1),
        "p50_ms": shot["p50_ms"],
        "p90_ms": shot["p90_ms"],
        "p99_ms": shot["p99_ms"],
        "app_cpu_us": micros(used.get("app")),
        "db_cpu_us": micros(used.get("db")),
        "generator_cpu_us": micros(shot["cpu_s"]),
        "answers": shot["answers"],
        "samples": shot["samples"],
        "with_coupon": shot["sent_once"],
        "unanswered": shot["unanswered"],
        "oversold": kept.oversold,
        "counter_differences": kept.counter_differences,
        "broken_orders": kept.broken_orders,
        "orders_kept": kept.orders,
        "lost_or_doubled": abs(kept.orders - shot["accepted_in_all"]),
        "outbox_rows": kept.outbox,
        "sold_of_scarce": kept.orders if wanted.shape == "rush" else None,
        "noop_http_per_s": round(noop, 1),
        "of_noop_http": round(shot["answered_per_s"] / noop, 4) if noop else None,
        "copy_rows_per_s": copied,
        "of_copy": round(rows_per_s / copied, 4) if copied else None,
        "machine": machine,
    }

"""`bench payments`: genuine notices of WeChat Pay taken in by a real server process, then acted on in batches."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from linli.bench import database, processes
from linli.bench.database import Ground
from linli.bench.load import Plan
from linli.bench.machine import measure_machine
from linli.kernel.ids import make_id

REGION, FIRST = 440_300, 100_000_000
PRICE, LIMIT_SECONDS = 2_990, 3.0
APP, MERCHANT, SERIAL = "wx-bench", "1900000109", "PUB_KEY_ID_BENCH"
SERVE = "from linli.entry.cli import main; main()"
# Charges that stand open at the channel, as many members would have left them.
CHARGES = (
    "INSERT INTO money.charges (region_id, biz_date, id, state, channel, member_id, cycle_id, station_id, amount_fen, "
    "paid_fen, refunded_fen, refunds, description, made_at, expires_at, late, closed_because, attempt_id) "
    "SELECT %(r)s, %(d)s, %(c)s + n, 'payable', 'wechat', n, 1, 1, %(p)s, 0, 0, 0, 'bench', now(), "
    "now() + interval '1 hour', false, '', %(a)s + n FROM generate_series(0, %(n)s - 1) n"
)
SHARES = (
    "INSERT INTO money.charge_orders (region_id, biz_date, charge_id, order_id, amount_fen, paid_fen, refunded_fen) "
    "SELECT %(r)s, %(d)s, %(c)s + n, %(o)s + n, %(p)s, 0, 0 FROM generate_series(0, %(n)s - 1) n"
)
ATTEMPTS = (
    "INSERT INTO money.charge_attempts (region_id, biz_date, id, charge_id, number, state, channel, amount_fen, "
    "made_at, expires_at, polls, next_poll_at, reopen, provider_no) "
    "SELECT %(r)s, %(d)s, %(a)s + n, %(c)s + n, 1, 'open', 'wechat', %(p)s, now(), now() + interval '1 hour', 0, "
    "now() + interval '1 hour', false, '' FROM generate_series(0, %(n)s - 1) n"
)


@dataclass(frozen=True)
class PaymentsWanted:
    """How it runs: measured seconds, connections, how many notices are prepared for each second."""

    seconds: float = 10.0
    connections: int = 32
    prepared_per_s: int = 4_000


class Provider:
    """The provider's side of a bench: a key made for it, and notices sealed and signed as WeChat Pay does."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.api_key = secrets.token_hex(16)

    def env(self, folder: Path) -> dict[str, str]:
        """Write the keys of both sides, and return what configures the channel."""
        own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private, public = folder / "merchant.pem", folder / "platform.pem"
        private.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        named = {
            "merchant": MERCHANT, "app_id": APP, "key_serial": "5157", "private_key_file": str(private),
            "api_key": self.api_key, "public_key_id": SERIAL, "public_key_file": str(public),
            "gateway": "http://127.0.0.1:9",
        }  # fmt: skip
        return {f"LINLI_WECHAT_{name.upper()}": value for name, value in named.items()}

    def notice(self, number: int, now: datetime) -> tuple[str, str]:
        """Return header lines and body of a notice that a charge was paid."""
        told = {
            "mchid": MERCHANT, "appid": APP, "out_trade_no": str(number), "transaction_id": f"42{number}",
            "trade_state": "SUCCESS", "success_time": now.isoformat(timespec="seconds"),
            "amount": {"total": PRICE, "payer_total": PRICE, "currency": "CNY", "payer_currency": "CNY"},
        }  # fmt: skip
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.api_key.encode()).encrypt(nonce.encode(), json.dumps(told).encode(), b"transaction")
        resource = {
            "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "transaction",
            "ciphertext": base64.b64encode(sealed).decode(), "original_type": "transaction",
        }  # fmt: skip
        outer = {
            "id": secrets.token_hex(16), "create_time": now.isoformat(), "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS", "summary": "ok", "resource": resource,
        }  # fmt: skip
        body, stamp, mark = json.dumps(outer), str(int(now.timestamp())), secrets.token_hex(16)
        signature = self.key.sign(f"{stamp}\n{mark}\n{body}\n".encode(), padding.PKCS1v15(), hashes.SHA256())
        lines = {
            "Timestamp": stamp, "Nonce": mark, "Serial": SERIAL, "Signature": base64.b64encode(signature).decode(),
            "Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }  # fmt: skip
        return "".join(f"Wechatpay-{name}: {value}\r\n" for name, value in lines.items()), body


async def bench_payments(
    wanted: PaymentsWanted, ground: Ground, act: Callable[[int], Awaitable[int]], today: date
) -> dict[str, Any]:
    """Return the figures as plain data; `act` acts on kept notices of a region once, as the clock does."""
    machine = await asyncio.to_thread(measure_machine, ground.home)
    server = await asyncio.to_thread(database.describe, ground.url)
    provider, count = Provider(), int((wanted.seconds + 2) * wanted.prepared_per_s)
    first = await asyncio.to_thread(_open_charges, ground.url, today, count)
    now = datetime.now(UTC)
    prepared = await asyncio.to_thread(lambda: [provider.notice(first + n, now) for n in range(count)])
    noop = await _noop(wanted, ground, prepared)
    port = processes.free_port()
    command = [sys.executable, "-c", SERVE, "serve", "--port", str(port), "--no-worker"]
    env = {"LINLI_HOME": str(ground.home), "LINLI_DATABASE_URL": ground.url, "LINLI_LOG_LEVEL": "CRITICAL"}
    async with processes.serving(command, port, "/health/ready", env | provider.env(ground.home)) as pid:
        postmaster = await asyncio.to_thread(database.postmaster, ground.url)
        watched = {"app": pid} if postmaster is None else {"app": pid, "db": postmaster}
        shot = await processes.fire(_plan(wanted, prepared, port, "payments"), ground.home, watched)
    began, acted = time.perf_counter(), 0
    while some := await act(REGION):
        acted += some
    acting = time.perf_counter() - began
    kept = await asyncio.to_thread(_kept, ground.url)
    return _report(wanted, shot, kept, noop, (acted, acting), machine | server)


def _open_charges(url: str, today: date, count: int) -> int:
    at = [make_id(REGION, today, FIRST * which) for which in (1, 2, 3)]
    given = {"r": REGION, "d": today, "p": PRICE, "n": count, "c": at[0], "a": at[1], "o": at[2]}
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (CHARGES, SHARES, ATTEMPTS):
            connection.execute(statement, given)
        connection.execute("ANALYZE money.charges, money.charge_orders, money.charge_attempts")
    return at[1]


def _plan(wanted: PaymentsWanted, prepared: list[tuple[str, str]], port: int, mark: str) -> Plan:
    return Plan(
        host="127.0.0.1", port=port, path="/hooks/payments/wechat", seconds=wanted.seconds, tokens=[],
        bodies=[body for _, body in prepared], extras=[lines for lines, _ in prepared],
        connections=wanted.connections, mark=mark,
    )  # fmt: skip


async def _noop(wanted: PaymentsWanted, ground: Ground, prepared: list[tuple[str, str]]) -> float:
    """Return how many of the same requests a second a handler answers that does nothing."""
    port = processes.free_port()
    command = [sys.executable, "-m", "uvicorn", "linli.bench.noop:app", "--port", str(port), "--log-level", "critical"]
    plan = _plan(wanted, prepared, port, "noop")
    plan.path, plan.seconds, plan.extras = "/", min(wanted.seconds, LIMIT_SECONDS), []
    async with processes.serving(command, port, "/", {}):
        shot = await processes.fire(plan, ground.home, {})
    return float(shot["per_s"])


def _kept(url: str) -> dict[str, int]:
    asked = {
        "notices": "SELECT count(*) FROM money.raw_notices",
        "taken": "SELECT count(*) FROM money.raw_notices WHERE verdict = 'taken'",
        "paid": "SELECT count(*) FROM money.charges WHERE state = 'paid'",
        "entries": "SELECT count(*) FROM money.entries WHERE kind = 'paid'",
        "facts": "SELECT count(*) FROM platform.outbox WHERE name = 'money.charge_paid'",
    }
    with psycopg.connect(url) as connection:
        found = {name: connection.execute(statement).fetchone() for name, statement in asked.items()}
    return {name: int(row[0]) if row else 0 for name, row in found.items()}


def _report(
    wanted: PaymentsWanted, shot: dict[str, Any], kept: dict[str, int], noop: float, acted: tuple[int, float],
    machine: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    accepted, used = max(1, shot["accepted"]), shot["cpu_of"]
    once = {kept[name] for name in ("taken", "paid", "entries", "facts")} == {kept["notices"]}
    return {
        "bench": "payments",
        "seconds": wanted.seconds,
        "connections": wanted.connections,
        "notices_per_s": round(shot["per_s"], 1),
        "p50_ms": shot["p50_ms"],
        "p99_ms": shot["p99_ms"],
        "app_cpu_us": round(used["app"] * 1_000_000 / accepted),
        "db_cpu_us": round(used["db"] * 1_000_000 / accepted) if "db" in used else None,
        "generator_cpu_us": round(shot["cpu_s"] * 1_000_000 / accepted),
        "acted_on_per_s": round(acted[0] / acted[1], 1) if acted[0] else 0.0,
        "answers": shot["answers"],
        "samples": shot["samples"],
        "unanswered": shot["unanswered"],
        "kept": kept,
        "lost_or_doubled": abs(kept["notices"] - shot["accepted_in_all"]) + (0 if once else 1),
        "noop_http_per_s": round(noop, 1),
        "of_noop_http": round(shot["per_s"] / noop, 4) if noop else None,
        "machine": machine,
    }

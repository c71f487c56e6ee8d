"""The load generator: a process of its own that sends prepared requests over plain sockets and times the answers.

Closed loop: every connection sends its next request when it has its answer. At a given rate: requests are due at
fixed instants and a late one is timed from when it was due, so that a stalled server is not flattered.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import resource
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import msgspec


class Plan(msgspec.Struct, kw_only=True):
    """What to send, where, how long: seconds, connections, requests per second (0: as fast as answers come).

    With `extras` (header lines, one for each body) every body is sent once, in its turn, under no key and no token.
    """

    host: str
    port: int
    path: str
    seconds: float
    tokens: list[str]
    bodies: list[str]
    extras: list[str] = []
    once: list[tuple[int, str]] = []  # (whose token, body) that are sent once, one in `once_every` requests
    once_every: int = 5
    warm_up: float = 1.0
    connections: int = 32
    rate: float = 0.0
    mark: str = "bench"


class Range:
    """All connections together: what is sent next, and what came back."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        chance = random.Random(f"load-{plan.mark}")
        head = f"POST {plan.path} HTTP/1.1\r\nHost: {plan.host}\r\nContent-Type: application/json\r\n"
        self.heads = [f"{head}Authorization: Bearer {token}\r\n".encode() for token in plan.tokens] or [head.encode()]
        self.ends = [_end(body) for body in plan.bodies]
        self.order = [(chance.randrange(len(self.heads)), chance.randrange(len(self.ends))) for _ in range(4096)]
        self.once = [(whose, _end(body)) for whose, body in plan.once]
        self.sent = self.sent_once = 0
        self.begins = self.ends_at = 0.0
        self.answers: Counter[int] = Counter()
        self.all_answers: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.sample: dict[int, str] = {}

    def next_request(self) -> bytes:
        """Return the bytes of the next request, under a key of its own."""
        if self.plan.extras:
            self.sent += 1
            return self.heads[0] + self.plan.extras[self.sent - 1].encode() + self.ends[self.sent - 1]
        whose, what = self.order[self.sent % len(self.order)]
        self.sent += 1
        key = f"Idempotency-Key: {self.plan.mark}-{self.sent:010d}\r\n".encode()
        if self.once and self.sent % self.plan.once_every == 0 and self.sent_once < len(self.once):
            whose, end = self.once[self.sent_once]
            self.sent_once += 1
            return self.heads[whose] + key + end
        return self.heads[whose] + key + self.ends[what]

    def is_spent(self) -> bool:
        """Tell whether everything that may be sent only once was sent."""
        return bool(self.plan.extras) and self.sent >= len(self.plan.extras)

    def took(self, status: int, due: float, now: float, body: bytes) -> None:
        """Note an answer: its status, and how long it took when it falls into the measured time."""
        self.all_answers[status] += 1
        if status != 200 and status not in self.sample:
            self.sample[status] = body[:300].decode(errors="replace")
        if self.begins <= now < self.ends_at:
            self.answers[status] += 1
            if status == 200:
                self.latencies.append(now - due)


def _end(body: str) -> bytes:
    return f"Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()


class Connection(asyncio.Protocol):
    """One kept-open connection: one request at a time."""

    def __init__(self, range_: Range, number: int) -> None:
        self.range, self.number = range_, number
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()
        self.read = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin when the range does."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def start(self, at: float) -> None:
        """Send the first request at an instant."""
        plan = self.range.plan
        self.due = at + self.number / plan.rate if plan.rate else at
        self.loop.call_at(self.due, self._send)

    def _send(self) -> None:
        if self.loop.time() >= self.range.ends_at or self.range.is_spent():
            self.transport.close()
            return
        self.transport.write(self.range.next_request())

    def data_received(self, data: bytes) -> None:
        """Take the answer, and go on."""
        self.read += data
        head = self.read.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.read[:head].lower().find(b"content-length:")
        length = int(self.read[at + 15 : self.read.find(b"\r", at)])
        if len(self.read) < head + 4 + length:
            return
        status, body = int(self.read[9:12]), self.read[head + 4 : head + 4 + length]
        self.read = b""
        now = self.loop.time()
        self.range.took(status, self.due, now, body)
        rate = self.range.plan.rate
        if not rate:
            self.due = now
            self._send()
            return
        self.due += self.range.plan.connections / rate
        if self.due <= now:
            self._send()
        else:
            self.loop.call_at(self.due, self._send)

    def connection_lost(self, error: Exception | None) -> None:
        """End; an unexpected end is seen in the figures as a request without an answer."""
        if not self.done.done():
            self.done.set_result(None)


async def shoot(plan: Plan) -> dict[str, Any]:
    """Run a plan and return the figures; prints "began" and "ended" around the measured time."""
    loop = asyncio.get_running_loop()
    range_ = Range(plan)
    connections = []
    for number in range(plan.connections):
        _, connection = await loop.create_connection(partial(Connection, range_, number), plan.host, plan.port)
        connections.append(connection)
    start = loop.time() + 0.1
    range_.begins = start + plan.warm_up
    range_.ends_at = range_.begins + plan.seconds
    gc.freeze()
    for connection in connections:
        connection.start(start)
    await asyncio.sleep(range_.begins - loop.time())
    _tell("began")
    cpu = _cpu()
    await asyncio.sleep(range_.ends_at - loop.time())
    cpu = _cpu() - cpu
    _tell("ended")
    await asyncio.wait([connection.done for connection in connections], timeout=30)
    return _figures(range_, cpu)


def _figures(range_: Range, cpu: float) -> dict[str, Any]:
    taken = sorted(range_.latencies)
    accepted = range_.answers[200]
    return {
        "accepted": accepted,
        "answers": {str(status): count for status, count in sorted(range_.answers.items())},
        "accepted_in_all": range_.all_answers[200],
        "sent": range_.sent,
        "sent_once": range_.sent_once,
        "unanswered": range_.sent - sum(range_.all_answers.values()),
        "per_s": accepted / range_.plan.seconds,
        "answered_per_s": sum(range_.answers.values()) / range_.plan.seconds,
        **{f"p{p}_ms": round(percentile(taken, p) * 1_000, 2) for p in (50, 90, 99)},
        "cpu_s": cpu,
        "samples": {str(status): text for status, text in range_.sample.items()},
    }


def percentile(ordered: list[float], p: int) -> float:
    """Return the value that `p` of 100 do not exceed, of an ordered list; 0 for none."""
    return ordered[min(len(ordered) - 1, len(ordered) * p // 100)] if ordered else 0.0


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(path: str) -> None:
    """Run the plan in a file; "began", "ended" and the figures as JSON go to standard output, a line each."""
    _tell(json.dumps(asyncio.run(shoot(msgspec.json.decode(Path(path).read_bytes(), type=Plan)))))

"""Logs as JSON lines with the request id and without secrets, and the metrics that Prometheus reads."""

from __future__ import annotations

import itertools
import logging
import re
import sys
import time
from collections.abc import Iterable, MutableMapping
from typing import Any
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

registry = CollectorRegistry()
REQUESTS = Counter("linli_requests_total", "answered requests", ["method", "route", "status"], registry=registry)
SECONDS = Histogram("linli_request_seconds", "time to answer", ["route"], registry=registry)
OUTBOX = Gauge("linli_outbox_rows", "outbox rows that are not done", ["kind", "status"], registry=registry)
NIGHT = Gauge("linli_night_steps", "steps of the nights of the last 36 hours", ["step", "state"], registry=registry)
NIGHT_ROWS = Gauge("linli_night_rows", "rows those steps handled", ["step"], registry=registry)
NIGHT_SECONDS = Gauge("linli_night_seconds", "seconds those steps took, added up", ["step"], registry=registry)

SECRET_NAMES = re.compile(r"(token|password|secret|authorization|phone|code|openid)", re.IGNORECASE)
PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


def count_night(steps: Iterable[tuple[str, str, int, int, int]]) -> None:
    """Set the metrics of the night: step, state, how many, rows, milliseconds."""
    for gauge in (NIGHT, NIGHT_ROWS, NIGHT_SECONDS):
        gauge.clear()
    for step, state, number, rows, millis in steps:
        NIGHT.labels(step, state).set(number)
        NIGHT_ROWS.labels(step).inc(rows)
        NIGHT_SECONDS.labels(step).inc(millis / 1_000)


def scrub(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets and phone numbers out of a log line."""
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = "…"
        elif isinstance(value, str):
            event[name] = PHONE.sub(r"\1****\2", value)
    return event


def configure_logs(level: str = "INFO") -> None:
    """Write logs as JSON lines to standard error from now on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            scrub,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    for noisy in ("procrastinate", "sqlalchemy", "httpx2", "httpcore2"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if noisy == "procrastinate" else logging.WARNING)


PROCESS = uuid4().hex[:12]  # of this program; a random id for each request costs more than the rest of this file
NUMBERS = itertools.count()


def request_id_of(scope: Scope) -> str:
    """Return the id a request came with, or a new one, and leave it in the request's state."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    request_id = given.decode("latin-1")[:64] or f"{PROCESS}{next(NUMBERS):08x}"
    scope.setdefault("state", {})["request_id"] = request_id
    return request_id


class Observe:
    """Gives each request an id, times it and counts it, also when it ends in a bug."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        status = 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode("latin-1"))]
            await send(message)

        began = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, named)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
            route = getattr(scope.get("route"), "path", "unknown")
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - began)

"""Logs as JSON lines with the request id and without secrets, and the metrics that Prometheus reads."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.requests import Request
from starlette.responses import Response

registry = CollectorRegistry()
REQUESTS = Counter("linli_requests_total", "answered requests", ["method", "route", "status"], registry=registry)
SECONDS = Histogram("linli_request_seconds", "time to answer", ["route"], registry=registry)
OUTBOX = Gauge("linli_outbox_rows", "outbox rows that are not done", ["kind", "status"], registry=registry)

SECRET_NAMES = re.compile(r"(token|password|secret|authorization|phone|code|openid)", re.IGNORECASE)
PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


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


async def observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Give each request an id, time it and count it, also when it ends in a bug."""
    request_id = request.headers.get("x-request-id", "")[:64] or uuid4().hex
    request.state.request_id = request_id
    structlog.contextvars.bind_contextvars(request_id=request_id)
    began, status = time.perf_counter(), 500
    try:
        response = await call_next(request)
        status = response.status_code
    finally:
        structlog.contextvars.unbind_contextvars("request_id")
        route = getattr(request.scope.get("route"), "path", "unknown")
        REQUESTS.labels(request.method, route, str(status)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - began)
    response.headers["X-Request-Id"] = request_id
    return response

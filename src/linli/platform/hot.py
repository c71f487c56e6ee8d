"""The front door: the few requests that come by the thousand are answered before the machinery of ordinary routes.

A hot route is declared and documented like any other; here its endpoint is called with the checked body and the call,
and nothing stands between the socket and it but authentication, limits, problems and metrics.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter, Histogram
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from linli.platform.problems import answer_to, answer_to_bug
from linli.platform.telemetry import REQUESTS, SECONDS, request_id_of

if TYPE_CHECKING:
    from linli.platform.installation import Installation

LARGEST_BODY = 64 * 1024
Endpoint = Callable[[Any, Any], Awaitable[Response]]
routes: dict[tuple[str, str], tuple[Endpoint, TypeAdapter[Any]]] = {}


def serve_hot(method: str, path: str, endpoint: Endpoint) -> None:
    """Let the front door serve an endpoint that takes exactly (body, call) and answers with a finished Response."""
    names = list(inspect.signature(endpoint).parameters)
    if names != ["body", "call"]:
        raise TypeError(f"{path}: a hot route takes (body, call), not {names}")
    routes[method, path] = (endpoint, TypeAdapter(endpoint.__annotations__["body"]))


class FrontDoor:
    """Stands before the whole application and serves the hot routes; everything else passes on."""

    def __init__(self, app: ASGIApp, installation: Installation) -> None:
        self._app, self._installation = app, installation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a hot request here, pass everything else on."""
        hot = routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if hot is None:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request = Request(scope, receive)
        request_id = request_id_of(scope)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        answer = await self._answer(request, request_id, *hot)
        answer.headers["X-Request-Id"] = request_id
        structlog.contextvars.unbind_contextvars("request_id")
        counted, timed = _meters(scope["method"], scope["path"], answer.status_code)
        counted.inc()
        timed.observe(time.perf_counter() - began)
        await answer(scope, receive, send)

    async def _answer(self, request: Request, request_id: str, endpoint: Endpoint, shape: TypeAdapter[Any]) -> Response:
        from linli.platform.web import admit

        try:
            call = await admit(self._installation, request, Response(), endpoint.__access__)  # type: ignore[attr-defined]
            try:
                body = shape.validate_json(await _body(request))
            except ValidationError as error:
                wrong = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
                raise RequestValidationError(wrong) from error
            return await endpoint(body, call)
        except Exception as error:
            return answer_to(error) or answer_to_bug(error, request.scope["path"], request_id)


@cache
def _meters(method: str, path: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, path, str(status)), SECONDS.labels(path)


async def _body(request: Request) -> bytes:
    """Read the whole body, at most 64 KiB, and keep it where the request's fingerprint finds it."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(400, "the message ended before it was complete")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise HTTPException(413, f"more than {LARGEST_BODY} bytes")
        more = message.get("more_body", False)
    request._body = parts[0] if len(parts) == 1 else b"".join(parts)
    return request._body

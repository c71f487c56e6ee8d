"""Refusals, wrong input and bugs become RFC 9457 problem details here, and only here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, TimeoutError
from starlette.exceptions import HTTPException

from linli.kernel.refusals import Refusal

log = structlog.get_logger()
PLAIN = {
    400: "bad_request",
    401: "not_signed_in",
    403: "not_allowed",
    404: "no_such_page",
    405: "method_not_allowed",
    413: "too_large",
    415: "wrong_media_type",
}


def problem(
    status: int, code: str, title: str, detail: str = "", facts: Mapping[str, Any] | None = None
) -> JSONResponse:
    """Return one problem answer: stable code, Chinese title, English detail and the facts a client needs (big numbers
    as strings)."""
    said = {"type": f"urn:linli:{code}", "status": status, "code": code, "title": title, "detail": detail}
    body = said | {name: value for name, value in _facts(facts or {}).items() if name not in said}
    headers = {"Retry-After": "1"} if status == 503 else {}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value) if abs(value) > 2**53 else value
    if isinstance(value, dict):
        return _facts(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, float) else _whole(str(value))


def _whole(text: str) -> str:
    """Return a text that can be sent: an echoed half character would break the answer itself."""
    return text.encode("utf-8", "replace").decode()


def install_problems(app: FastAPI) -> None:
    """Register the handlers that answer with problem details."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> JSONResponse:
        return problem(error.status, error.code, error.title, str(error), error.facts)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [{"at": "/".join(map(str, e["loc"])), "why": e["type"]} for e in error.errors()[:20]]
        return problem(422, "invalid_request", "请求内容有误", "some fields are missing or wrong", {"wrong": wrong})

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:
        answer = problem(
            error.status_code, PLAIN.get(error.status_code, f"http_{error.status_code}"), str(error.detail)
        )
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(OperationalError)
    @app.exception_handler(TimeoutError)
    async def busy(request: Request, error: Exception) -> JSONResponse:
        log.warning("database_unavailable", error=str(error)[:300])
        return problem(503, "busy", "系统繁忙，请稍后重试", "the database did not answer in time")

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        request_id = getattr(request.state, "request_id", "")
        log.error("bug", path=request.url.path, request_id=request_id, exc_info=error)
        answer = problem(500, "bug", "系统出错，已记录", "this is our fault; the request id helps us find it")
        answer.headers["X-Request-Id"] = request_id  # this answer passes by the middleware that sets it otherwise
        return answer

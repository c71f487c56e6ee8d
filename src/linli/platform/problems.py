"""Refusals, wrong input and bugs become RFC 9457 problem details here, and only here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, TimeoutError
from starlette.exceptions import HTTPException

from linli.kernel.refusals import Refusal

log = structlog.get_logger()
KNOWN = (Refusal, RequestValidationError, HTTPException, OperationalError, TimeoutError, psycopg.OperationalError)
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


def answer_to(error: Exception) -> JSONResponse | None:
    """Return the problem that answers a refusal, wrong input or a database that does not answer; None for a bug."""
    if isinstance(error, Refusal):
        return problem(error.status, error.code, error.title, str(error), error.facts)
    if isinstance(error, RequestValidationError):
        wrong = [{"at": "/".join(map(str, e["loc"])), "why": e["type"]} for e in error.errors()[:20]]
        return problem(422, "invalid_request", "请求内容有误", "some fields are missing or wrong", {"wrong": wrong})
    if isinstance(error, HTTPException):
        code = PLAIN.get(error.status_code, f"http_{error.status_code}")
        answer = problem(error.status_code, code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer
    if isinstance(error, OperationalError | TimeoutError | psycopg.OperationalError):
        log.warning("database_unavailable", error=str(error)[:300])
        return problem(503, "busy", "系统繁忙，请稍后重试", "the database did not answer in time")
    return None


def answer_to_bug(error: Exception, path: str, request_id: str) -> JSONResponse:
    """Log a bug and return its answer, with the id that helps to find it."""
    log.error("bug", path=path, request_id=request_id, exc_info=error)
    answer = problem(500, "bug", "系统出错，已记录", "this is our fault; the request id helps us find it")
    answer.headers["X-Request-Id"] = request_id  # this answer passes by the middleware that sets it otherwise
    return answer


def install_problems(app: FastAPI) -> None:
    """Register the handlers that answer with problem details."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        answer = answer_to(error)
        assert answer is not None
        return answer

    for kind in KNOWN:
        app.add_exception_handler(kind, known)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        return answer_to_bug(error, request.url.path, getattr(request.state, "request_id", ""))

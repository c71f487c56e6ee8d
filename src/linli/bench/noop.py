"""The physical limit of an HTTP exchange here: an ASGI application that reads the body and says yes."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"2")]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request with an empty object."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"{}"})

"""The limit on what one request may send: beyond it the answer is a problem like every other refusal."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Counts the bytes of a request's body as the route reads them, and ends it with 413 beyond `largest`.

    It stands inside the application, so that the framework's own handler turns the refusal into a problem.
    """

    def __init__(self, app: ASGIApp, largest: int) -> None:
        self.app = app
        self.largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its body counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self.largest:
                raise HTTPException(413, f"more than {self.largest} bytes")
            return message

        await self.app(scope, counted, send)

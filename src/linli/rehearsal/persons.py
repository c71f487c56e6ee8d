"""One person at a phone or desk: speaks only HTTP, with credentials and idempotency keys of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

PATIENCE = 12
UNCLEAR = frozenset({500, 502, 503, 504})
Json = dict[str, Any]
Again = Callable[[int], Awaitable[None]]


class Refused(Exception):
    """The API said no: the status and the stable code of its problem."""

    def __init__(self, asked: str, status: int, problem: Json) -> None:
        super().__init__(f"{asked}: {status} {problem.get('code', '')} {problem.get('detail', '')}"[:600])
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = problem


class Wire:
    """The way to the API that everybody shares; `unclear` is awaited before asking again what got no clear answer."""

    def __init__(self, http: httpx2.AsyncClient, now: Callable[[], datetime], unclear: Again | None = None) -> None:
        self.http, self.now, self.unclear = http, now, unclear
        self.asked = 0
        self._callers = 0

    def number(self) -> int:
        """Return the next caller's number, which makes its idempotency keys its own."""
        self._callers += 1
        return self._callers

    async def send(self, verb: str, path: str, headers: dict[str, str], **given: Any) -> httpx2.Response:
        """Send one request; what got no clear answer is sent again with the same key, as a phone does."""
        for attempt in range(PATIENCE):
            self.asked += 1
            try:
                answer = await self.http.request(verb, path, headers=headers, **given)
            except httpx2.TransportError:
                if self.unclear is None:
                    raise
            else:
                if answer.status_code not in UNCLEAR or self.unclear is None:
                    return answer
            await self.unclear(attempt)
        raise TimeoutError(f"{verb} {path} got no clear answer {PATIENCE} times")


@dataclass
class Person:
    """Somebody with a session of one audience; `region` is named to the API by head office only."""

    wire: Wire
    audience: str
    name: str = ""
    region: int = 0
    access: str = ""
    refresh: str = ""
    ends_at: datetime | None = None
    id: int = 0
    account: int = 0
    password: Json = field(default_factory=dict)
    number: int = field(init=False)
    keys: int = field(init=False, default=0)
    renewing: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.number = self.wire.number()

    def take(self, session: Json) -> Person:
        """Remember the tokens of a session that the API gave."""
        self.access, self.refresh = session["access"], session["refresh"]
        self.ends_at = self.wire.now() + timedelta(seconds=session["expires_in"] - 30)
        self.id, self.account = int(session["who"]["person_id"]), int(session["who"]["account_id"])
        return self

    async def get(self, path: str, **params: Any) -> Any:
        """Read; returns the JSON answer, raises Refused."""
        return await self._ask("GET", path, params={name: value for name, value in params.items() if value is not None})

    async def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        """Write under a fresh idempotency key (or the given one); returns the JSON answer, raises Refused."""
        return await self._ask("POST", path, key=key or self.fresh_key(), json={} if body is None else body)

    async def put(self, path: str, body: Any) -> Any:
        """Replace; returns the JSON answer, raises Refused."""
        return await self._ask("PUT", path, key=self.fresh_key(), json=body)

    async def upload(self, path: str, raw: bytes, kind: str) -> Any:
        """Send bytes as a file's content; returns the JSON answer, raises Refused."""
        return await self._ask("POST", path, key=self.fresh_key(), content=raw, kind=kind)

    async def fetch(self, path: str) -> bytes:
        """Read a file; returns its bytes, raises Refused."""
        answer = await self.wire.send("GET", path, await self._headers())
        self._refused(f"GET {path}", answer)
        return answer.content

    def fresh_key(self) -> str:
        """Return an idempotency key that was not used before."""
        self.keys += 1
        return f"person-{self.number:06d}-{self.keys:05d}"

    async def _ask(self, verb: str, path: str, *, key: str = "", kind: str = "", **given: Any) -> Any:
        headers = await self._headers()
        if key:
            headers["idempotency-key"] = key
        if kind:
            headers["content-type"] = kind
        answer = await self.wire.send(verb, path, headers, **given)
        self._refused(f"{verb} {path}", answer)
        return answer.json()

    async def _headers(self) -> dict[str, str]:
        if self.refresh and self.ends_at is not None and self.wire.now() >= self.ends_at:
            await self._renew()
        headers = {"linli-region": str(self.region)} if self.region else {}
        if self.access:
            headers["authorization"] = f"Bearer {self.access}"
        return headers

    async def _renew(self) -> None:
        async with self.renewing:
            if self.ends_at is None or self.wire.now() >= self.ends_at:
                await self._ask_anew()

    async def _ask_anew(self) -> None:
        path = f"/{self.audience}/sessions/refresh"
        answer = await self.wire.send(
            "POST", path, {"idempotency-key": self.fresh_key()}, json={"refresh": self.refresh}
        )
        if answer.status_code == 401 and self.password:
            self.access = ""
            key = {"idempotency-key": self.fresh_key()}
            path = f"/{self.audience}/sessions"
            answer = await self.wire.send("POST", path, key, json=self.password)
        self._refused(f"POST {path}", answer)
        self.take(answer.json())

    def _refused(self, asked: str, answer: httpx2.Response) -> None:
        if answer.status_code < 400:
            return
        try:
            problem = answer.json()
        except ValueError:
            problem = {"detail": answer.text[:300]}
        raise Refused(asked, answer.status_code, problem)

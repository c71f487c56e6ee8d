"""The web edge: routers that force a declared access, the call with its transaction and idempotency, and plain field
types."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    WithJsonSchema,
)

from linli.kernel.ids import parse_id
from linli.kernel.refusals import BadInput
from linli.platform import idempotency
from linli.platform.access import Access, AudienceName, Caller, PermissionMissing, check
from linli.platform.database import Tx
from linli.platform.gathering import Work
from linli.platform.hot import serve_hot
from linli.platform.installation import Installation

A = TypeVar("A")
LARGEST_BODY = 12 * 1024 * 1024
EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
REGION_NUMBER = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


class Body(BaseModel):
    """Mother of request bodies: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """Mother of answers: built from rows by attribute."""

    model_config = ConfigDict(from_attributes=True)


def _id_in(value: object) -> int:
    return (
        value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else parse_id(str(value))
    )


def _clean(text: str) -> str:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("text must not hold NUL or half characters")
    return text.strip()


def _not_blank(text: str) -> str:
    if not text:
        raise ValueError("text must not be blank")
    return text


def _in_our_time(at: datetime) -> datetime:
    if not EARLIEST <= at < LATEST:
        raise ValueError("an instant between the years 2020 and 2100")
    return at


PublicId = Annotated[
    int,
    BeforeValidator(_id_in),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,19}$", "description": "64-bit id, written as a string"}),
]
Instant = Annotated[AwareDatetime, AfterValidator(_in_our_time)]
RegionNumber = Annotated[int, Field(ge=1, lt=2**20, description="region number")]
Short = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_clean), AfterValidator(_not_blank)]
Brief = Annotated[str, Field(max_length=120), AfterValidator(_clean)]
Remark = Annotated[str, Field(max_length=500), AfterValidator(_clean)]
LongText = Annotated[str, Field(max_length=1_000_000), AfterValidator(_clean)]
Quantity = Annotated[int, Field(ge=1, le=9_999, strict=True, description="pieces")]
Count = Annotated[int, Field(ge=0, le=9_999_999, strict=True)]
FenAmount = Annotated[int, Field(ge=0, le=10**11, strict=True, description="fen (CNY 0.01)")]
Phone = Annotated[str, Field(pattern=r"^1[3-9][0-9]{9}$", description="mainland mobile number")]


class KeyNeeded(BadInput):
    """A write came without an Idempotency-Key header of 8 to 80 printable characters."""

    status = 400
    title = "缺少 Idempotency-Key"


class RegionNeeded(BadInput):
    """A head-office caller must say with the header Linli-Region which region is meant."""

    status = 400
    title = "请指明区域"


@dataclass
class Call:
    """One request: who calls, in which region, with which idempotency key; opens the transactions of its route."""

    installation: Installation
    request: Request
    response: Response
    caller: Caller | None
    access: Access

    @property
    def who(self) -> Caller:
        """Return the signed-in caller; the route's access has made sure there is one."""
        assert self.caller is not None
        return self.caller

    @property
    def region_id(self) -> int:
        """Return the region of the call: the caller's own, or for head office the header Linli-Region; refuses
        RegionNeeded and PermissionMissing."""
        own = self.caller.region_id if self.caller else 0
        named = self.request.headers.get("linli-region", "")
        if named and not (REGION_NUMBER.fullmatch(named) and int(named) < 2**20):
            raise RegionNeeded("Linli-Region is not a region number")
        if own and named and int(named) != own:
            raise PermissionMissing("this region is not yours", region=named)
        if not own and not named:
            raise RegionNeeded("name the region with the header Linli-Region")
        return own or int(named)

    @asynccontextmanager
    async def reading(self, region_id: int | None = None) -> AsyncIterator[Tx]:
        """Open a transaction for reading in the call's region (or the given one)."""
        by = self.caller.by if self.caller else "anybody"
        async with self.installation.db.transaction(self.region_id if region_id is None else region_id, by=by) as tx:
            yield tx

    async def write(self, work: Callable[[Tx], Awaitable[A]], *, region_id: int | None = None, keyed: bool = True) -> A:
        """Run a writing command once per Idempotency-Key and answer; the stored answer is given again for the same
        request."""
        region = self.region_id if region_id is None else region_id
        by = self.caller.by if self.caller else f"anybody:{self.access.audience}"
        if not keyed:
            return await self.installation.db.run(work, region, by=by)
        key, request = self._key(), await self._fingerprint()
        shape: TypeAdapter[A] = TypeAdapter(self.request.scope["route"].endpoint.__annotations__["return"])

        async def once(tx: Tx) -> A:
            stored = await idempotency.claim(tx, caller=by, key=key, request=request)
            if stored is not None:
                self.response.headers["Idempotent-Replay"] = "true"
                return shape.validate_json(stored.body)
            answer = await work(tx)
            await idempotency.keep(tx, caller=by, key=key, status=200, body=shape.dump_json(answer))
            return answer

        return await self.installation.db.run(once, region, by=by)

    async def gather(self, work: Work, wish: Any) -> Response:
        """Have a wish done together with others of its kind that arrive now, once per Idempotency-Key, and answer."""
        request = await self._fingerprint()
        body, replayed = await self.installation.gatherer(work).submit(
            self.region_id, caller=self.who.by, key=self._key(), request=request, wish=wish
        )
        return Response(
            body, media_type="application/json", headers={"Idempotent-Replay": "true"} if replayed else None
        )

    def _key(self) -> str:
        key = self.request.headers.get("idempotency-key", "")
        if not (8 <= len(key) <= 80 and key.isascii() and key.isprintable()):
            raise KeyNeeded("send an Idempotency-Key header of 8 to 80 characters")
        return key

    async def _fingerprint(self) -> bytes:
        scope = self.request.scope
        query = scope["query_string"].decode("latin-1")
        digest = hashlib.sha256(f"{scope['method']} {scope['path']}?{query}\n".encode("utf-8", "surrogateescape"))
        digest.update(await self.request.body())
        return digest.digest()


bearer = HTTPBearer(auto_error=False, description="the access token of a sign-in")
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "8 to 80 characters of the caller's choosing; the same key with the same request is answered once",
    "schema": {"type": "string", "minLength": 8, "maxLength": 80},
}
REGION_HEADER = {
    "name": "Linli-Region",
    "in": "header",
    "required": False,
    "description": "which region is meant, for head office",
    "schema": {"type": "integer"},
}


async def open_call(
    request: Request,
    response: Response,
    documented: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
) -> Call:
    """Authenticate the caller and check the route's declared access; an undeclared route lets nobody in."""
    installation: Installation = request.app.state.installation
    access: Access | None = getattr(request.scope["route"].endpoint, "__access__", None)
    if access is None:
        raise PermissionMissing("this route declares no access")
    return await admit(installation, request, response, access)


async def admit(installation: Installation, request: Request, response: Response, access: Access) -> Call:
    """Authenticate the caller of a request and let them through a declared access, or refuse."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    caller = None
    if scheme.lower() == "bearer" and access.permission is not None:
        caller = installation.caller_of(token.strip())
        await installation.check_session(caller)
    check(access, caller)
    return Call(installation, request, response, caller, access)


CallOf = Annotated[Call, Depends(open_call)]


class Audience:
    """A topic's router for one audience: the prefix is the audience, and every route must name its permission (or why
    it is public)."""

    def __init__(self, audience: AudienceName, topic: str) -> None:
        self.audience = audience
        self.topic = topic
        self.router = APIRouter(prefix=f"/{audience}", tags=[topic])

    def get(
        self, path: str, *, permission: str | None, public_reason: str = "", **options: Any
    ) -> Callable[[Any], Any]:
        """Declare a reading route."""
        return self._route("GET", path, permission, public_reason, options)

    def post(
        self, path: str, *, permission: str | None, public_reason: str = "", **options: Any
    ) -> Callable[[Any], Any]:
        """Declare a writing route."""
        return self._route("POST", path, permission, public_reason, options)

    def put(
        self, path: str, *, permission: str | None, public_reason: str = "", **options: Any
    ) -> Callable[[Any], Any]:
        """Declare a replacing route."""
        return self._route("PUT", path, permission, public_reason, options)

    def delete(
        self, path: str, *, permission: str | None, public_reason: str = "", **options: Any
    ) -> Callable[[Any], Any]:
        """Declare a removing route."""
        return self._route("DELETE", path, permission, public_reason, options)

    def _route(
        self, method: str, path: str, permission: str | None, public_reason: str, options: dict[str, Any]
    ) -> Callable[[Any], Any]:
        if permission is None and not public_reason:
            raise TypeError(f"{path}: a route without permission must say why it is public")

        def register(endpoint: Any) -> Any:
            endpoint.__access__ = Access(self.audience, permission, public_reason)
            headers = [KEY_HEADER] if method != "GET" and permission else []
            headers += [REGION_HEADER] if self.audience == "console" else []
            options.setdefault("openapi_extra", {"parameters": headers})
            if options.pop("hot", False):
                serve_hot(method, f"/{self.audience}{path}", endpoint)
            name = f"{self.audience}_{self.topic}_{endpoint.__name__}"
            self.router.add_api_route(path, endpoint, methods=[method], operation_id=name, **options)
            return endpoint

        return register

"""Who calls and what they may: the caller, the access that every route declares, and the signed tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt

from linli.kernel.refusals import NotAllowed, NotSignedIn

AudienceName = Literal["app", "leader", "supplier", "driver", "warehouse", "console", "hooks"]
TOKEN_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class Access:
    """What a route declares: its audience, and its permission, or why anybody may call it."""

    audience: AudienceName
    permission: str | None
    public_reason: str = ""


@dataclass(frozen=True)
class Caller:
    """Somebody signed in: account, audience, region (0 = head office) and what they stand for; `person_id` is the
    member, leader, driver or supplier."""

    account_id: int
    audience: AudienceName
    region_id: int
    permissions: frozenset[str]
    person_id: int = 0
    session_id: int = 0

    @property
    def by(self) -> str:
        """Return how this caller is written into histories."""
        return f"{self.audience}:{self.account_id}"


class SignInNeeded(NotSignedIn):
    """No valid token came with the request."""

    title = "请先登录"


class PermissionMissing(NotAllowed):
    """The caller is known but may not do this."""

    title = "没有权限"


def issue_token(key: bytes, caller: Caller, now: datetime) -> str:
    """Return a signed token that proves a caller for 30 minutes."""
    claims: dict[str, Any] = {
        "sub": str(caller.account_id), "aud": caller.audience, "rid": caller.region_id,
        "per": sorted(caller.permissions), "pid": str(caller.person_id), "sid": str(caller.session_id),
        "exp": int((now + TOKEN_LIFETIME).timestamp()),
    }  # fmt: skip
    return jwt.encode(claims, key, algorithm="HS256")


def read_token(key: bytes, token: str, now: datetime) -> Caller:
    """Return the caller that a token proves at this instant; refuses SignInNeeded when it is forged or expired."""
    options: Any = {"verify_exp": False, "verify_aud": False, "require": ["sub", "aud", "exp"]}
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"], options=options)
        if now.timestamp() >= float(claims["exp"]):
            raise SignInNeeded("the token has expired", reason="expired")
        return Caller(
            int(claims["sub"]),
            claims["aud"],
            int(claims["rid"]),
            frozenset(claims["per"]),
            int(claims["pid"]),
            int(claims["sid"]),
        )
    except (jwt.InvalidTokenError, ValueError, KeyError) as error:
        raise SignInNeeded("the token is not valid", reason="invalid") from error


def expiry_of(token: str) -> datetime:
    """Return when a token that was verified ends, in UTC."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return datetime.fromtimestamp(float(claims["exp"]), UTC)


def check(access: Access, caller: Caller | None) -> None:
    """Let a caller through a route's declared access or refuse; the one place where permission is decided."""
    if access.permission is None:
        return
    if caller is None:
        raise SignInNeeded("sign in first", reason="missing")
    if caller.audience != access.audience:
        raise PermissionMissing(f"this is for {access.audience}", audience=access.audience)
    if access.permission not in caller.permissions:
        raise PermissionMissing(f"the permission {access.permission} is missing", permission=access.permission)

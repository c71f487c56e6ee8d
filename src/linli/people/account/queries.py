"""Accounts as they sign in, the answer to a sign-in, and the check whether a session still stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from linli.kernel.ids import region_of
from linli.people.access.rules import Standing
from linli.people.account.records import IdentityRow, PasswordRow, SessionRow
from linli.people.account.rules import SessionEnded
from linli.platform.access import TOKEN_LIFETIME, AudienceName, Caller, issue_token
from linli.platform.database import Tx
from linli.platform.secrecy import blind
from linli.platform.web import PublicId, View

if TYPE_CHECKING:
    from linli.platform.installation import Installation

PHONE, LOGIN = "people.phone", "people.login"
CACHED_SECONDS = 5.0
CACHED_SESSIONS = 50_000


class WhoView(View):
    """As whom somebody is signed in; `person_id` is the member, leader, supplier or driver, else "0"."""

    account_id: PublicId
    audience: str
    region_id: int
    person_id: PublicId
    roles: list[str]
    permissions: list[str]


class SessionView(View):
    """A session: the access token (send it as Bearer), the refresh token for when it ends, and its seconds to live."""

    access: str
    refresh: str
    expires_in: int
    who: WhoView


def session_view(
    key: bytes, account_id: int, audience: AudienceName, standing: Standing, refresh: str, now: datetime
) -> SessionView:
    """Return the answer to a sign-in or refresh: a fresh access token beside the refresh token."""
    session_id = int(refresh.partition(".")[0])
    caller = Caller(account_id, audience, standing.region_id, standing.permissions, standing.person_id, session_id)
    who = WhoView(
        account_id=account_id,
        audience=audience,
        region_id=standing.region_id,
        person_id=standing.person_id,
        roles=list(standing.roles),
        permissions=sorted(standing.permissions),
    )
    seconds = int(TOKEN_LIFETIME.total_seconds())
    return SessionView(access=issue_token(key, caller, now), refresh=refresh, expires_in=seconds, who=who)


async def password_of(tx: Tx, key: bytes, login: str) -> tuple[int, str | None]:
    """Return the account of a login and its hashed password; 0 and None when there is no such login."""
    index = blind(key, LOGIN, login.lower())
    account_id = await tx.scalar(select(IdentityRow.account_id).where(IdentityRow.index == index))
    if account_id is None:
        return 0, None
    return account_id, await tx.scalar(select(PasswordRow.hashed).where(PasswordRow.account_id == account_id))


async def phone_index(tx: Tx, account_id: int) -> str:
    """Return the blind index of an account's phone: it recognises the phone and tells nothing of it; empty without
    one."""
    here = (IdentityRow.account_id == account_id, IdentityRow.kind == "phone")
    found: str | None = await tx.scalar(select(IdentityRow.index).where(*here).limit(1))
    return found or ""


async def revoked_sessions(tx: Tx) -> frozenset[int]:
    """Return the sessions of the region that were revoked while a token of theirs can still be unexpired."""
    here = (SessionRow.region_id == tx.region_id, SessionRow.revoked_at > tx.now - TOKEN_LIFETIME)
    return frozenset((await tx.execute(select(SessionRow.id).where(*here))).scalars())


class SessionCheck:
    """Refuses callers whose session was revoked: in this process at once, in others within five seconds.

    A token proves its session by its signature; what has to be asked for is only the short list of those revoked
    since, once in five seconds and region however many people call.
    """

    def __init__(self, installation: Installation, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._installation = installation
        self._elapsed = elapsed
        self._revoked: dict[int, tuple[float, frozenset[int]]] = {}
        self._ended: set[int] = set()
        self._asking: dict[int, asyncio.Task[frozenset[int]]] = {}

    async def __call__(self, caller: Caller) -> None:
        """Refuse SessionEnded when the caller's session was revoked.

        A token without session was signed by the house itself.
        """
        if caller.session_id == 0:
            return
        region_id = region_of(caller.session_id)
        until, revoked = self._revoked.get(region_id, (0.0, frozenset()))
        if self._elapsed() >= until:
            revoked = await self._ask(region_id)
        if caller.session_id in revoked or caller.session_id in self._ended:
            raise SessionEnded("the session was ended", why="revoked")

    def end(self, *session_ids: int) -> None:
        """Learn that sessions were revoked, without waiting."""
        if len(self._ended) > CACHED_SESSIONS:
            self._ended.clear()  # the list that is read holds them too
        self._ended.update(session_ids)

    async def _ask(self, region_id: int) -> frozenset[int]:
        """Read the list of a region; callers that come meanwhile wait for the same reading."""
        if region_id not in self._asking:
            reading = self._installation.db.run(revoked_sessions, region_id, by="system:sessions")
            self._asking[region_id] = asyncio.ensure_future(reading)
        try:
            revoked = await asyncio.shield(self._asking[region_id])
        finally:
            self._asking.pop(region_id, None)
        self._revoked[region_id] = (self._elapsed() + CACHED_SECONDS, revoked)
        return revoked


def session_check(installation: Installation) -> SessionCheck:
    """Return the check that `Installation.check_session` needs."""
    return SessionCheck(installation)


def forget_sessions(installation: Installation, session_ids: list[int]) -> None:
    """Let this process know that sessions were revoked; other processes learn it within five seconds."""
    check = installation.check_session
    if isinstance(check, SessionCheck):
        check.end(*session_ids)

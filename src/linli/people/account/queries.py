"""Accounts as they sign in, the answer to a sign-in, and the check whether a session still stands."""

from __future__ import annotations

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
CACHED_SECONDS = 30.0
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


async def session_stands(tx: Tx, session_id: int) -> bool:
    """Tell whether a session of the region exists and is not revoked."""
    here = (SessionRow.region_id == tx.region_id, SessionRow.id == session_id, SessionRow.revoked_at.is_(None))
    return (await tx.scalar(select(SessionRow.id).where(*here))) is not None


class SessionCheck:
    """Refuses callers whose session was revoked; what it learned it believes for 30 seconds."""

    def __init__(self, installation: Installation, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._installation = installation
        self._elapsed = elapsed
        self._known: dict[int, tuple[float, bool]] = {}

    async def __call__(self, caller: Caller) -> None:
        """Refuse SessionEnded when the caller's session was revoked.

        A token without session was signed by the house itself.
        """
        if caller.session_id == 0:
            return
        until, stands = self._known.get(caller.session_id, (0.0, False))
        if self._elapsed() >= until:
            stands = await self._ask(caller.session_id)
            self._remember(caller.session_id, stands)
        if not stands:
            raise SessionEnded("the session was ended", why="revoked")

    def end(self, *session_ids: int) -> None:
        """Learn that sessions were revoked, without waiting for 30 seconds."""
        for session_id in session_ids:
            self._remember(session_id, False)

    async def _ask(self, session_id: int) -> bool:
        async def work(tx: Tx) -> bool:
            return await session_stands(tx, session_id)

        return await self._installation.db.run(work, region_of(session_id), by="system:sessions")

    def _remember(self, session_id: int, stands: bool) -> None:
        if len(self._known) >= CACHED_SESSIONS:
            self._known.clear()
        self._known[session_id] = (self._elapsed() + CACHED_SECONDS, stands)


def session_check(installation: Installation) -> SessionCheck:
    """Return the check that `Installation.check_session` needs."""
    return SessionCheck(installation)


def forget_sessions(installation: Installation, session_ids: list[int]) -> None:
    """Let this process know that sessions were revoked; other processes learn it within 30 seconds."""
    check = installation.check_session
    if isinstance(check, SessionCheck):
        check.end(*session_ids)

"""Pure judgements on codes, refresh tokens and passwords."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from linli.kernel.refusals import BadInput, NotSignedIn, TooMany
from linli.people.account.model import (
    CODE_ATTEMPTS,
    ROTATION_GRACE,
    CodeValue,
    CodeVerdict,
    RefreshVerdict,
    SessionValue,
)

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 128


class CodeRefused(NotSignedIn):
    """The code is wrong, no longer good, or was tried too often; facts: why (wrong, expired, locked)."""

    title = "验证码不正确或已失效"


class SignInRefused(NotSignedIn):
    """Login and password do not belong together."""

    title = "账号或密码不正确"


class SessionEnded(NotSignedIn):
    """The session is over; sign in again; facts: why."""

    title = "登录已失效，请重新登录"


class TooManyCodes(TooMany):
    """Too many codes were asked for; facts: retry_after (seconds)."""

    title = "获取验证码过于频繁，请稍后再试"


class TooManySignIns(TooMany):
    """Too many sign-ins with this login; facts: retry_after (seconds)."""

    title = "尝试次数过多，请稍后再试"


class PasswordTooWeak(BadInput):
    """The password is too short, too long, all one sign, or the login itself; facts: shortest."""

    title = "密码不符合要求"


def judge_code(code: CodeValue | None, given_index: str, request: str, now: datetime) -> CodeVerdict:
    """Judge a given code; the request that spent it may come again while it lives, any other request may not."""
    if code is None or now >= code.expires_at:
        return CodeVerdict.expired
    fits = hmac.compare_digest(code.code_index, given_index)
    if code.spent_by:
        again = bool(request) and hmac.compare_digest(code.spent_by, request)
        return CodeVerdict.accepted if fits and again else CodeVerdict.expired
    if code.attempts >= CODE_ATTEMPTS:
        return CodeVerdict.locked
    return CodeVerdict.accepted if fits else CodeVerdict.wrong


def judge_refresh(session: SessionValue | None, secret_hash: str, now: datetime) -> RefreshVerdict:
    """Judge a refresh token; one that was replaced longer than a minute ago is in other hands too.

    The session must end.
    """
    if session is None or session.revoked_at is not None or now >= session.expires_at:
        return RefreshVerdict.ended
    if hmac.compare_digest(session.secret_hash, secret_hash):
        return RefreshVerdict.turn
    if session.previous_hash and hmac.compare_digest(session.previous_hash, secret_hash):
        return RefreshVerdict.repeat if now - session.rotated_at <= ROTATION_GRACE else RefreshVerdict.stolen
    return RefreshVerdict.ended


def check_password(login: str, password: str) -> None:
    """Refuse PasswordTooWeak for a password that a stranger would try first."""
    too_short = not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD
    if too_short or len(set(password)) < 4 or login.lower() in password.lower():
        raise PasswordTooWeak(f"take at least {SHORTEST_PASSWORD} signs, not the login", shortest=SHORTEST_PASSWORD)


def hashed(secret: str) -> str:
    """Return the hash under which a long random secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def window_of(now: datetime, window: timedelta) -> datetime:
    """Return when the counting window began that holds an instant."""
    seconds = int(window.total_seconds())
    return now - timedelta(seconds=int(now.timestamp()) % seconds, microseconds=now.microsecond)


def refuse_unless_accepted(verdict: CodeVerdict) -> None:
    """Refuse CodeRefused for every verdict but accepted; call it after the attempt was committed."""
    if verdict is not CodeVerdict.accepted:
        raise CodeRefused(f"the code is {verdict}", why=str(verdict))


def refuse_unless_refreshed(verdict: RefreshVerdict) -> None:
    """Refuse SessionEnded for a token that was not accepted; call it after a theft was committed."""
    if verdict in (RefreshVerdict.ended, RefreshVerdict.stolen):
        raise SessionEnded(f"the session is {verdict}", why=str(verdict))

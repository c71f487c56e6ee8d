"""Proving who somebody is: accounts and what identifies them, codes, passwords, the first administrator, sessions."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from datetime import timedelta

from linli.kernel.refusals import Conflict, NotAllowed
from linli.people.access.commands import grant_role
from linli.people.access.model import HEAD_OFFICE, STAFF_ROLES
from linli.people.account import store
from linli.people.account.model import (
    CODE_LIFE,
    INVITATION_LIFE,
    SESSION_LIFE,
    SIGN_IN_WINDOW,
    SIGN_INS_ANYWHERE,
    SIGN_INS_HERE,
    CodeVerdict,
    Identity,
    RefreshVerdict,
    SessionValue,
)
from linli.people.account.queries import LOGIN, PHONE
from linli.people.account.rules import TooManyCodes, TooManySignIns, hashed, judge_code, judge_refresh, window_of
from linli.people.account.settings import CODES_PER_ADDRESS, CODES_PER_PHONE
from linli.people.contact.commands import send_sms
from linli.people.contact.rules import SIGN_IN_CODE
from linli.platform.database import Tx
from linli.platform.secrecy import blind, seal
from linli.platform.settings import value_of

HOUR = timedelta(hours=1)


class LoginTaken(Conflict):
    """Somebody else has this login."""

    title = "该登录名已被使用"


class InvitationRefused(NotAllowed):
    """The token is unknown, older than 24 hours, or was used."""

    title = "邀请无效或已使用"


class RoleNotForStaff(Conflict):
    """The role is not given with a login and password (members, leaders and helpers sign in by phone)."""

    title = "该角色不能以账号密码创建"


async def identify(tx: Tx, *, key: bytes, kind: str, value: str, name: str) -> Identity:
    """Return the account of a phone or login and make it when there is none; two at once get the same one."""
    context = PHONE if kind == "phone" else LOGIN
    plain = value if kind == "phone" else value.lower()
    index = blind(key, context, plain)
    known = await store.identity(tx, index)
    if known is not None:
        return known
    account_id = await tx.new_id()
    tail = value[-4:] if kind == "phone" else ""
    row = {"index": index, "kind": kind, "account_id": account_id, "sealed": seal(key, context, value), "tail": tail}
    if not await store.claim_identity(tx, row):
        known = await store.identity(tx, index)
        assert known is not None
        return known
    await store.add_account(tx, account_id, name)
    return Identity(account_id, tail, fresh=True)


async def send_code(tx: Tx, *, key: bytes, phone: str, address: str) -> None:
    """Make a code of six digits for a phone, good for 5 minutes, and wish it sent.

    Refuses TooManyCodes by phone and by address.
    """
    index = blind(key, PHONE, phone)
    await _within(tx, f"codes:phone:{index}", HOUR, await value_of(tx, CODES_PER_PHONE), TooManyCodes)
    if address:
        subject = f"codes:address:{blind(key, 'people.address', address)}"
        await _within(tx, subject, HOUR, await value_of(tx, CODES_PER_ADDRESS), TooManyCodes)
    code = f"{secrets.randbelow(1_000_000):06d}"
    await store.put_code(tx, index, _code_index(key, phone, code), tx.now + CODE_LIFE)
    text = SIGN_IN_CODE.format(code=code, minutes=int(CODE_LIFE.total_seconds()) // 60)
    await send_sms(tx, key=key, phone=phone, text=text, useful_for=CODE_LIFE)


async def try_code(tx: Tx, *, key: bytes, phone: str, code: str, request: str) -> CodeVerdict:
    """Judge a code and count or spend it.

    The verdict is an answer, not a refusal, so that a wrong attempt is committed.

    `request` is the Idempotency-Key: when its answer was lost, the same request may come again with the same code.
    """
    index = blind(key, PHONE, phone)
    known = await store.locked_code(tx, index)
    mark = blind(key, "people.code_request", request) if request else ""
    verdict = judge_code(known, _code_index(key, phone, code), mark, tx.now)
    if verdict is CodeVerdict.wrong:
        await store.count_attempt(tx, index)
    if verdict is CodeVerdict.accepted and known is not None and not known.spent_by:
        await store.spend_code(tx, index, mark or "spent")
    return verdict


async def sign_in_by_phone(
    tx: Tx, *, key: bytes, phone: str, code: str, request: str, name: str
) -> tuple[CodeVerdict, Identity | None]:
    """Judge a code and, when it is accepted, return the account of the phone, made when there is none."""
    verdict = await try_code(tx, key=key, phone=phone, code=code, request=request)
    if verdict is not CodeVerdict.accepted:
        return verdict, None
    return verdict, await identify(tx, key=key, kind="phone", value=phone, name=name)


async def count_sign_in(tx: Tx, *, key: bytes, login: str, address: str) -> None:
    """Count an attempt to sign in with a password before it is judged; refuses TooManySignIns."""
    who = blind(key, LOGIN, login.lower())
    here = f"sign_in:{who}:{blind(key, 'people.address', address)}"
    await _within(tx, here, SIGN_IN_WINDOW, SIGN_INS_HERE, TooManySignIns)
    await _within(tx, f"sign_in:{who}", SIGN_IN_WINDOW, SIGN_INS_ANYWHERE, TooManySignIns)


async def invite_administrator(tx: Tx) -> str:
    """Return a token that makes one administrator within 24 hours; only its hash is kept."""
    token = secrets.token_urlsafe(24)
    await store.add_invitation(tx, hashed(token), tx.now + INVITATION_LIFE)
    return token


async def accept_invitation(tx: Tx, *, key: bytes, token: str, login: str, password_hash: str) -> int:
    """Make an administrator of the whole installation by a one-time token; refuses InvitationRefused and LoginTaken."""
    if not await store.use_invitation(tx, hashed(token)):
        raise InvitationRefused("ask for a new invitation")
    return await _new_staff(tx, key, login, password_hash, role="administrator", scope=HEAD_OFFICE, person_id=0)


async def hire(tx: Tx, *, key: bytes, login: str, password_hash: str, role: str, scope: int, person_id: int = 0) -> int:
    """Make an account with login and password and give it a staff role in a region (0 = all); returns the account.

    Refuses LoginTaken and RoleNotForStaff.
    """
    if role not in STAFF_ROLES:
        raise RoleNotForStaff(f"{role} does not sign in by password", role=role)
    return await _new_staff(tx, key, login, password_hash, role=role, scope=scope, person_id=person_id)


async def _new_staff(
    tx: Tx, key: bytes, login: str, password_hash: str, *, role: str, scope: int, person_id: int
) -> int:
    found = await identify(tx, key=key, kind="login", value=login, name=login)
    if not found.fresh:
        raise LoginTaken(f"the login {login} is taken")
    await store.set_password(tx, found.account_id, password_hash)
    # A driver is known to the runs by the account, unless he drives for somebody.
    stands_for = person_id or (found.account_id if role == "driver" else 0)
    await grant_role(tx, account_id=found.account_id, role=role, scope=scope, person_id=stands_for, label=login)
    return found.account_id


async def begin_session(tx: Tx, *, account_id: int, audience: str, person_id: int) -> str:
    """Begin a session in the transaction's region; returns its refresh token, of which only the hash is kept."""
    session_id, secret = await tx.new_id(), secrets.token_urlsafe(24)
    row = {"id": session_id, "account_id": account_id, "audience": audience, "person_id": person_id}
    times = {"rotated_at": tx.now, "made_at": tx.now, "expires_at": tx.now + SESSION_LIFE[audience]}
    await store.add_session(tx, {**row, **times, "secret_hash": hashed(secret)})
    return f"{session_id}.{secret}"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of a refresh: the verdict, the session, and the token that replaces the one given."""

    verdict: RefreshVerdict
    session: SessionValue | None = None
    refresh: str = ""


async def refresh_session(tx: Tx, *, session_id: int, secret: str, audience: str) -> Refreshed:
    """Replace a refresh token.

    One that was replaced before ends the session (the verdict is an answer, so that this is committed).
    """
    session = await store.locked_session(tx, session_id)
    if session is not None and session.audience != audience:
        session = None
    verdict = judge_refresh(session, hashed(secret), tx.now)
    if verdict is RefreshVerdict.stolen:
        await store.revoke_session(tx, session_id)
    if session is None or verdict in (RefreshVerdict.ended, RefreshVerdict.stolen):
        return Refreshed(verdict, session)
    fresh = secrets.token_urlsafe(24)
    changed = {"secret_hash": hashed(fresh), "expires_at": tx.now + SESSION_LIFE[session.audience]}
    if verdict is RefreshVerdict.turn:
        changed |= {"previous_hash": session.secret_hash, "rotated_at": tx.now}
    await store.change_session(tx, session_id, changed)
    return Refreshed(verdict, session, f"{session_id}.{fresh}")


async def end_session(tx: Tx, *, session_id: int) -> bool:
    """Revoke one session of the region; False when it stood no more."""
    return await store.revoke_session(tx, session_id)


async def end_sessions(tx: Tx, *, account_id: int, audience: str) -> list[int]:
    """Revoke all sessions of an account with an audience in the transaction's region; returns their ids."""
    return await store.revoke_sessions_of(tx, account_id, audience)


async def forget_old_codes(tx: Tx) -> int:
    """Delete codes and counters of more than a day ago (they belong to no region); returns how many."""
    return await store.forget_old(tx, tx.now - timedelta(days=1))


async def _within(
    tx: Tx, subject: str, window: timedelta, limit: int, refusal: type[TooManyCodes] | type[TooManySignIns]
) -> None:
    began = window_of(tx.now, window)
    if not await store.take_quota(tx, subject, began, limit):
        wait = math.ceil((began + window - tx.now).total_seconds())
        raise refusal(f"at most {limit} in {int(window.total_seconds()) // 60} minutes", retry_after=wait)


def _code_index(key: bytes, phone: str, code: str) -> str:
    return blind(key, "people.code", f"{phone}:{code}")

"""SQL of accounts, codes, counters and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from linli.people.account.model import CodeValue, Identity, SessionValue
from linli.people.account.records import (
    AccountRow,
    CodeRow,
    IdentityRow,
    InvitationRow,
    PasswordRow,
    QuotaRow,
    SessionRow,
)
from linli.platform.database import Tx

SESSION = (
    SessionRow.id, SessionRow.account_id, SessionRow.audience, SessionRow.person_id, SessionRow.secret_hash,
    SessionRow.previous_hash, SessionRow.rotated_at, SessionRow.expires_at, SessionRow.revoked_at,
)  # fmt: skip

TAKE_QUOTA = text(
    "INSERT INTO people.quotas AS q (subject, window_start, used) VALUES (:subject, :window_start, 1) "
    "ON CONFLICT (subject, window_start) DO UPDATE SET used = q.used + 1 WHERE q.used < :most RETURNING used"
)


async def identity(tx: Tx, index: str) -> Identity | None:
    """Return the account that a blind index leads to."""
    found = await tx.execute(select(IdentityRow.account_id, IdentityRow.tail).where(IdentityRow.index == index))
    row = found.first()
    return Identity(row.account_id, row.tail, fresh=False) if row else None


async def claim_identity(tx: Tx, values: dict[str, Any]) -> bool:
    """Insert an identity; False when another request was first (it waits for a twin in flight)."""
    fresh = pg_insert(IdentityRow).values(**values, made_at=tx.now).on_conflict_do_nothing()
    return (await tx.execute(fresh.returning(IdentityRow.account_id))).first() is not None


async def add_account(tx: Tx, account_id: int, name: str) -> None:
    """Insert an account."""
    await tx.execute(insert(AccountRow).values(id=account_id, name=name, made_at=tx.now))


async def set_password(tx: Tx, account_id: int, hashed: str) -> None:
    """Set the hashed password of an account."""
    write = pg_insert(PasswordRow).values(account_id=account_id, hashed=hashed, changed_at=tx.now)
    changed = {"hashed": write.excluded.hashed, "changed_at": write.excluded.changed_at}
    await tx.execute(write.on_conflict_do_update(index_elements=["account_id"], set_=changed))


async def put_code(tx: Tx, phone_index: str, code_index: str, expires_at: datetime) -> None:
    """Set the one code of a phone; the one before is no longer good."""
    fresh = {"code_index": code_index, "expires_at": expires_at, "attempts": 0, "spent_by": ""}
    write = pg_insert(CodeRow).values(phone_index=phone_index, **fresh)
    await tx.execute(
        write.on_conflict_do_update(index_elements=["phone_index"], set_={name: write.excluded[name] for name in fresh})
    )


async def locked_code(tx: Tx, phone_index: str) -> CodeValue | None:
    """Return the code of a phone and lock it, so that attempts are counted one after the other."""
    columns = (CodeRow.code_index, CodeRow.expires_at, CodeRow.attempts, CodeRow.spent_by)
    row = (await tx.execute(select(*columns).where(CodeRow.phone_index == phone_index).with_for_update())).first()
    return CodeValue(*row) if row else None


async def count_attempt(tx: Tx, phone_index: str) -> None:
    """Count a wrong attempt at the code of a phone."""
    counted = update(CodeRow).where(CodeRow.phone_index == phone_index)
    await tx.execute(counted.values(attempts=CodeRow.attempts + 1))


async def spend_code(tx: Tx, phone_index: str, request: str) -> None:
    """Note by which request the code of a phone was spent."""
    await tx.execute(update(CodeRow).where(CodeRow.phone_index == phone_index).values(spent_by=request))


async def take_quota(tx: Tx, subject: str, window_start: datetime, limit: int) -> bool:
    """Count one use in a window; False when the limit is reached: then nothing is counted."""
    given = {"subject": subject, "window_start": window_start, "most": limit}
    return (await tx.execute(TAKE_QUOTA, given)).first() is not None


async def forget_old(tx: Tx, before: datetime) -> int:
    """Delete codes and counters that ended before an instant; returns how many rows."""
    codes = await tx.execute(delete(CodeRow).where(CodeRow.expires_at < before).returning(CodeRow.phone_index))
    quotas = await tx.execute(delete(QuotaRow).where(QuotaRow.window_start < before).returning(QuotaRow.subject))
    return len(codes.all()) + len(quotas.all())


async def add_invitation(tx: Tx, token_hash: str, expires_at: datetime) -> None:
    """Insert an invitation."""
    await tx.execute(insert(InvitationRow).values(token_hash=token_hash, expires_at=expires_at))


async def use_invitation(tx: Tx, token_hash: str) -> bool:
    """Use an invitation up; False when there is none, or it is old or used."""
    good = (InvitationRow.token_hash == token_hash, InvitationRow.used_at.is_(None), InvitationRow.expires_at > tx.now)
    used = update(InvitationRow).where(*good).values(used_at=tx.now).returning(InvitationRow.token_hash)
    return (await tx.execute(used)).first() is not None


async def add_session(tx: Tx, values: dict[str, Any]) -> None:
    """Insert a session of the region."""
    await tx.execute(insert(SessionRow).values(region_id=tx.region_id, previous_hash="", **values))


async def locked_session(tx: Tx, session_id: int) -> SessionValue | None:
    """Return a session of the region and lock it."""
    here = (SessionRow.region_id == tx.region_id, SessionRow.id == session_id)
    row = (await tx.execute(select(*SESSION).where(*here).with_for_update())).first()
    return SessionValue(*row) if row else None


async def change_session(tx: Tx, session_id: int, values: dict[str, Any]) -> None:
    """Change a session of the region."""
    here = (SessionRow.region_id == tx.region_id, SessionRow.id == session_id)
    await tx.execute(update(SessionRow).where(*here).values(**values))


async def revoke_sessions(tx: Tx, *where: Any) -> list[int]:
    """Revoke the standing sessions of the region that match; returns their ids."""
    standing = (SessionRow.region_id == tx.region_id, SessionRow.revoked_at.is_(None), *where)
    ended = update(SessionRow).where(*standing).values(revoked_at=tx.now).returning(SessionRow.id)
    return sorted(row[0] for row in await tx.execute(ended))


async def revoke_sessions_of(tx: Tx, account_id: int, audience: str) -> list[int]:
    """Revoke the standing sessions of an account with one audience in this region; returns their ids."""
    return await revoke_sessions(tx, SessionRow.account_id == account_id, SessionRow.audience == audience)


async def revoke_session(tx: Tx, session_id: int) -> bool:
    """Revoke one session of the region; False when it stands no more."""
    return bool(await revoke_sessions(tx, SessionRow.id == session_id))

"""SQL of grants."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from linli.people.access.model import GrantValue
from linli.people.access.records import GrantRow
from linli.platform.database import Tx


async def add_grant(tx: Tx, grant: GrantValue) -> bool:
    """Insert a grant; False when it was there."""
    row = {"account_id": grant.account_id, "role": grant.role, "scope": grant.scope, "person_id": grant.person_id}
    fresh = insert(GrantRow).values(**row, label=grant.label, by=tx.by, made_at=tx.now)
    return (await tx.execute(fresh.on_conflict_do_nothing().returning(GrantRow.account_id))).first() is not None


async def remove_grants(
    tx: Tx, *, scope: int, role: str, account_id: int | None = None, person_id: int | None = None
) -> list[int]:
    """Delete the grants of a role in a scope, of one account or on behalf of one person.

    Returns the accounts that lost it.
    """
    where = [GrantRow.scope == scope, GrantRow.role == role]
    if account_id is not None:
        where.append(GrantRow.account_id == account_id)
    if person_id is not None:
        where.append(GrantRow.person_id == person_id)
    gone = await tx.execute(delete(GrantRow).where(*where).returning(GrantRow.account_id))
    return sorted({row[0] for row in gone})

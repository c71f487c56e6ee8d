"""Who has which role."""

from __future__ import annotations

from sqlalchemy import select

from linli.people.access.model import GrantValue
from linli.people.access.records import GrantRow
from linli.platform.database import Tx

COLUMNS = (GrantRow.account_id, GrantRow.role, GrantRow.scope, GrantRow.person_id, GrantRow.label)


async def grants_of(tx: Tx, account_id: int) -> list[GrantValue]:
    """Return everything that was granted to an account."""
    found = await tx.execute(select(*COLUMNS).where(GrantRow.account_id == account_id).order_by(GrantRow.scope))
    return [GrantValue(*row) for row in found]


async def grants_in(tx: Tx, scope: int, roles: frozenset[str], *, person_id: int | None = None) -> list[GrantValue]:
    """Return the grants of some roles in one scope, on behalf of one person when given."""
    where = [GrantRow.scope == scope, GrantRow.role.in_(sorted(roles))]
    if person_id is not None:
        where.append(GrantRow.person_id == person_id)
    found = await tx.execute(select(*COLUMNS).where(*where).order_by(GrantRow.account_id, GrantRow.role))
    return [GrantValue(*row) for row in found]

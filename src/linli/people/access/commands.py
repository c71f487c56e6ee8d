"""Giving roles to accounts and taking them back."""

from __future__ import annotations

from linli.kernel.refusals import BadInput
from linli.people.access import store
from linli.people.access.model import ROLES, GrantValue
from linli.platform.database import Tx


class NoSuchRole(BadInput):
    """There is no role of this name."""

    title = "没有这个角色"


async def grant_role(tx: Tx, *, account_id: int, role: str, scope: int, person_id: int = 0, label: str = "") -> bool:
    """Give an account a role in a region (0 = all), on behalf of a person when given; False when it had it.

    Refuses NoSuchRole.
    """
    if role not in ROLES:
        raise NoSuchRole(f"there is no role {role}", role=role)
    return await store.add_grant(tx, GrantValue(account_id, role, scope, person_id, label))


async def withdraw_role(
    tx: Tx, *, role: str, scope: int, account_id: int | None = None, person_id: int | None = None
) -> list[int]:
    """Take a role in a scope from one account, or from all who have it on behalf of a person; returns who lost it."""
    return await store.remove_grants(tx, scope=scope, role=role, account_id=account_id, person_id=person_id)

"""Which grants count when somebody signs in, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linli.kernel.refusals import Conflict, NotAllowed
from linli.people.access.model import EVERYBODY, HEAD_OFFICE, ROLES, GrantValue


class NoSuchAccess(NotAllowed):
    """The account is known, but has no role for this audience (or not in this region)."""

    title = "该账号没有此端的权限"


class SayWhichRegion(Conflict):
    """The account has roles in several regions; facts: regions."""

    title = "请选择区域"


@dataclass(frozen=True, slots=True)
class Standing:
    """As what somebody signs in: the region (0 = head office), whom they stand for, their roles and permissions."""

    region_id: int
    person_id: int
    roles: tuple[str, ...]
    permissions: frozenset[str]


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Return everything these roles allow together."""
    return EVERYBODY.union(*(ROLES[role].permissions for role in roles))


def standing(grants: Sequence[GrantValue], audience: str, region_id: int | None = None) -> Standing:
    """Return as what an account signs in to an audience.

    In the region asked for, else head office, else its only region.

    Refuses NoSuchAccess and SayWhichRegion.
    """
    fitting = [grant for grant in grants if ROLES[grant.role].audience == audience]
    scopes = sorted({grant.scope for grant in fitting})
    if region_id is None:
        if len(scopes) > 1 and HEAD_OFFICE not in scopes:
            raise SayWhichRegion("name one of the regions", regions=scopes)
        region_id = scopes[0] if scopes else HEAD_OFFICE
    counting = [grant for grant in fitting if grant.scope in (region_id, HEAD_OFFICE)]
    if not counting:
        raise NoSuchAccess(f"this account has no role for {audience} here", audience=audience)
    # A leader who helps at another station signs in as the leader.
    counting.sort(key=lambda grant: (grant.scope != region_id, grant.role == "helper", grant.person_id == 0))
    first = counting[0]
    roles = tuple(sorted({grant.role for grant in counting if audience != "leader" or grant == first}))
    return Standing(region_id, first.person_id, roles, permissions_of(roles))

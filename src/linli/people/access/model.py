"""Roles, the audience each signs in to, and the permissions each carries: the one table that says who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEAD_OFFICE: Final = 0
"""The scope of a grant that holds in every region."""

EVERYBODY: Final = frozenset({"session.own"})
"""What whoever signed in may do: end that session, read what was sent to them."""


@dataclass(frozen=True, slots=True)
class Role:
    """One role: its Chinese name, the audience it signs in to, and its permissions."""

    name: str
    title: str
    audience: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class GrantValue:
    """That an account has a role in a region (0 = everywhere), on behalf of a leader, supplier or driver when.

    `person_id` is set.
    """

    account_id: int
    role: str
    scope: int
    person_id: int
    label: str = ""


def _role(name: str, title: str, audience: str, permissions: str) -> Role:
    return Role(name, title, audience, frozenset(permissions.split()))


_STAFF: Final = (
    _role(
        "operator", "运营", "console",
        "cycle.manage offer.manage order.read station.manage leader.manage member.read case.manage route.manage "
        "papers.read outbox.manage",
    ),
    _role(
        "buyer", "采购", "console",
        "catalog.manage supplier.manage offer.manage purchase.manage demand.read papers.read",
    ),
    _role("customer_service", "客服", "console", "case.manage order.read member.read"),
    _role("finance", "财务", "console", "ledger.read payment.confirm refund.manage statement.manage"),
    _role("warehouse_lead", "仓管", "console", "sorting.manage stock.read receiving.read papers.read route.manage"),
)  # fmt: skip
_ONLY_ADMINISTRATOR: Final = frozenset({"region.manage", "settings.manage", "staff.manage", "audit.read"})

ROLES: Final = {
    role.name: role
    for role in (
        Role("administrator", "管理员", "console", _ONLY_ADMINISTRATOR.union(*(role.permissions for role in _STAFF))),
        *_STAFF,
        _role("warehouse_worker", "仓库员", "warehouse", "receiving.work sorting.work loading.work"),
        _role("driver", "司机", "driver", "run.drive handover.sign"),
        _role(
            "leader", "团长", "leader",
            "station.own order.own_read order.on_behalf chain.import payment.own_confirm handover.receive "
            "pickup.verify case.own earnings.own",
        ),
        _role("helper", "帮手", "leader", "pickup.verify order.own_read handover.receive"),
        _role("member", "会员", "app", "shop.browse order.place order.own charge.open case.open profile.own"),
        _role("supplier", "供应商", "supplier", "po.own"),
    )
}  # fmt: skip

STAFF_ROLES: Final = frozenset(role.name for role in _STAFF) | {
    "administrator", "warehouse_worker", "driver", "supplier",
}  # fmt: skip
"""The roles that sign in with a password and are given by an administrator."""

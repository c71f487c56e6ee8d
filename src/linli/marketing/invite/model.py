"""The life of an invite, and why one brings no reward."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from linli.kernel.machine import Machine


class InviteState(StrEnum):
    """Where an invite stands."""

    INVITED = "invited"
    REWARDED = "rewarded"
    UNREWARDED = "unrewarded"


_S = InviteState
INVITE = Machine(
    "invite",
    InviteState.INVITED,
    {
        "reward": ((_S.INVITED,), _S.REWARDED),
        "withhold": ((_S.INVITED,), _S.UNREWARDED),
    },
    final=(InviteState.REWARDED, InviteState.UNREWARDED),
)


class Mark(StrEnum):
    """What a newcomer is recognised by."""

    DEVICE = "device"
    PHONE = "phone"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class InviteValue:
    """An invite: who brought whom, where it stands, and why it brought nothing."""

    newcomer_id: int
    inviter_id: int
    state: str
    why: str
    coupon_id: int | None
    made_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class MyInvites:
    """A member's code, what it brought, and who brought the member."""

    code: str
    invited: int
    rewarded: int
    rewarded_this_month: int
    monthly_cap: int
    inviter_id: int | None

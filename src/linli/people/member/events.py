"""What happens to members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from linli.kernel.facts import Fact


@dataclass(frozen=True)
class MemberJoined(Fact):
    """Somebody with an account became a member of the region."""

    name: ClassVar[str] = "people.member_joined"
    region_id: int
    member_id: int
    account_id: int
    station_id: int | None

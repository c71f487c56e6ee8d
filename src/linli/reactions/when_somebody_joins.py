"""When somebody joins, a coupon welcomes them."""

from __future__ import annotations

from linli import marketing, people
from linli.platform.database import Tx
from linli.platform.outbox import when


@when(people.MemberJoined)
async def the_newcomer_is_welcomed(tx: Tx, fact: people.MemberJoined) -> None:
    """Give the newcomer's coupon, where the region has one."""
    await marketing.welcome(tx, member_id=fact.member_id)

"""Leaders as other rooms and screens read them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from linli.kernel.refusals import NotFound
from linli.people.leader.model import LeaderValue
from linli.people.leader.records import LeaderRow
from linli.platform.database import Tx

COLUMNS = (
    LeaderRow.id, LeaderRow.account_id, LeaderRow.name, LeaderRow.level, LeaderRow.state, LeaderRow.phone_tail,
)  # fmt: skip


class NoSuchLeader(NotFound):
    """There is no such leader in this region."""

    title = "没有这位团长"


async def leader(tx: Tx, leader_id: int) -> LeaderValue:
    """Return a leader of the region; refuses NoSuchLeader."""
    found = (await leaders(tx, [leader_id])).get(leader_id)
    if found is None:
        raise NoSuchLeader(f"no leader {leader_id}")
    return found


async def leaders(tx: Tx, ids: Iterable[int] | None = None) -> dict[int, LeaderValue]:
    """Return leaders of the region by id, all of them when no ids are given."""
    where = [LeaderRow.region_id == tx.region_id]
    if ids is not None:
        where.append(LeaderRow.id.in_(sorted(set(ids))))
    found = await tx.execute(select(*COLUMNS).where(*where).order_by(LeaderRow.id))
    return {row.id: LeaderValue(*row) for row in found}


async def page_of_leaders(tx: Tx, *, after: int, limit: int) -> list[LeaderValue]:
    """Return the leaders of the region that follow an id."""
    where = (LeaderRow.region_id == tx.region_id, LeaderRow.id > after)
    return [
        LeaderValue(*row)
        for row in await tx.execute(select(*COLUMNS).where(*where).order_by(LeaderRow.id).limit(limit))
    ]

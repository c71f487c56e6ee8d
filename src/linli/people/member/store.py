"""SQL of members and their bindings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from linli.people.member.model import MemberValue
from linli.people.member.records import BindingRow, MemberRow
from linli.platform.database import Tx

MEMBER = (
    MemberRow.id, MemberRow.account_id, MemberRow.nickname, MemberRow.place, MemberRow.phone_tail,
    MemberRow.station_id, MemberRow.orders_paid,
)  # fmt: skip


async def member_of_account(tx: Tx, account_id: int) -> MemberValue | None:
    """Return the member that an account is in this region."""
    here = (MemberRow.region_id == tx.region_id, MemberRow.account_id == account_id)
    row = (await tx.execute(select(*MEMBER).where(*here))).first()
    return MemberValue(*row) if row else None


async def locked_member(tx: Tx, member_id: int) -> MemberValue | None:
    """Return a member of the region and lock the row."""
    here = (MemberRow.region_id == tx.region_id, MemberRow.id == member_id)
    row = (await tx.execute(select(*MEMBER).where(*here).with_for_update())).first()
    return MemberValue(*row) if row else None


async def add_member(tx: Tx, values: dict[str, Any]) -> bool:
    """Insert a member of the region.

    False when there is one already (same account, or same neighbour at the station).
    """
    row = {"region_id": tx.region_id, "orders_paid": 0, "joined_at": tx.now, **values}
    fresh = pg_insert(MemberRow).values(**row).on_conflict_do_nothing().returning(MemberRow.id)
    return (await tx.execute(fresh)).first() is not None


async def neighbour(tx: Tx, station_id: int, nickname: str, place: str) -> int | None:
    """Return the member without account of this name and place at a station."""
    here = (MemberRow.region_id == tx.region_id, MemberRow.station_id == station_id, MemberRow.account_id.is_(None))
    named = (MemberRow.nickname == nickname, MemberRow.place == place)
    found: int | None = await tx.scalar(select(MemberRow.id).where(*here, *named))
    return found


async def change_member(tx: Tx, member_id: int, values: dict[str, Any]) -> bool:
    """Change a member of the region; False when there is no such member."""
    here = (MemberRow.region_id == tx.region_id, MemberRow.id == member_id)
    changed = update(MemberRow).where(*here).values(**values).returning(MemberRow.id)
    return (await tx.execute(changed)).first() is not None


async def count_paid_order(tx: Tx, member_id: int) -> int | None:
    """Count one more paid order; returns how many now, None when there is no such member."""
    here = (MemberRow.region_id == tx.region_id, MemberRow.id == member_id)
    counted = update(MemberRow).where(*here).values(orders_paid=MemberRow.orders_paid + 1)
    found: int | None = (await tx.execute(counted.returning(MemberRow.orders_paid))).scalar()
    return found


async def end_binding(tx: Tx, member_id: int) -> None:
    """Close the open binding of a member."""
    opened = (BindingRow.region_id == tx.region_id, BindingRow.member_id == member_id, BindingRow.until.is_(None))
    await tx.execute(update(BindingRow).where(*opened).values(until=tx.now))


async def add_binding(tx: Tx, member_id: int, station_id: int, how: str) -> None:
    """Open a binding of a member."""
    row = {"region_id": tx.region_id, "member_id": member_id, "id": await tx.new_id(), "station_id": station_id}
    await tx.execute(insert(BindingRow).values(**row, how=how, since=tx.now))

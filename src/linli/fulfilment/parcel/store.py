"""SQL that commands about parcels need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select

from linli.fulfilment.parcel.records import AddressRead, Parcel
from linli.platform.database import Tx


async def add(tx: Tx, row: dict[str, Any]) -> None:
    """Write a parcel."""
    await tx.execute(insert(Parcel).values(region_id=tx.region_id, **row))


async def of_orders(tx: Tx, order_ids: Iterable[int]) -> Sequence[Parcel]:
    """Return the parcels of some orders in order of id."""
    where = (Parcel.region_id == tx.region_id, Parcel.order_id.in_(sorted(order_ids)))
    return await tx.all(select(Parcel).where(*where).order_by(Parcel.id))


async def locked(tx: Tx, parcel_id: int, member_id: int) -> Parcel | None:
    """Lock a member's parcel and return it, or None."""
    where = (Parcel.region_id == tx.region_id, Parcel.id == parcel_id, Parcel.member_id == member_id)
    return await tx.first(select(Parcel).where(*where).with_for_update())


async def overdue(tx: Tx, limit: int) -> Sequence[Parcel]:
    """Lock parcels under way whose receipt is due, leaving those somebody else works on."""
    where = (Parcel.region_id == tx.region_id, Parcel.received_at.is_(None), Parcel.receive_by <= tx.now)
    return await tx.all(select(Parcel).where(*where).order_by(Parcel.id).limit(limit).with_for_update(skip_locked=True))


async def note_reading(tx: Tx, supplier_id: int, order_ids: Sequence[int]) -> None:
    """Write down that a supplier read where orders go."""
    ids = await tx.new_ids(len(order_ids))
    same = {"region_id": tx.region_id, "supplier_id": supplier_id, "at": tx.now, "by": tx.by}
    rows = [{**same, "id": id, "order_id": order_id} for id, order_id in zip(ids, order_ids, strict=True)]
    await tx.execute(insert(AddressRead), rows)

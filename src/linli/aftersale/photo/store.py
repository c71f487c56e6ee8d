"""SQL of photos that commands need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, update

from linli.aftersale.photo.records import Photo
from linli.platform.database import Tx


async def add(tx: Tx, *, name: str, member_id: int) -> None:
    """List a stored photo of a member."""
    row = {"region_id": tx.region_id, "name": name, "member_id": member_id, "case_id": None, "made_at": tx.now}
    await tx.execute(insert(Photo).values(**row))


async def count_since(tx: Tx, member_id: int, since: datetime) -> int:
    """Return how many photos a member uploaded since an instant."""
    here = (Photo.region_id == tx.region_id, Photo.member_id == member_id, Photo.made_at > since)
    return int(await tx.scalar(select(func.count()).select_from(Photo).where(*here)))


async def take(tx: Tx, *, member_id: int, case_id: int, names: Sequence[str]) -> int:
    """Tie a member's photos that no case has yet to a case, locked in order of name; returns how many there were."""
    here = (Photo.region_id == tx.region_id, Photo.name.in_(names))
    free = (Photo.member_id == member_id, Photo.case_id.is_(None))
    locked = select(Photo.name).where(*here, *free).order_by(Photo.name).with_for_update()
    found = list((await tx.execute(locked)).scalars())
    await tx.execute(update(Photo).where(*here, Photo.name.in_(found)).values(case_id=case_id))
    return len(found)

"""Finding photos: a member's own, any of the region, and those of cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from linli.aftersale.photo.records import Photo
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx


class NoSuchPhoto(NotFound):
    """There is no such photo, or none that the asker may see."""

    title = "没有这张照片"


async def case_of_photo(tx: Tx, name: str) -> int | None:
    """Return the case a photo of the region belongs to, None while it belongs to none; refuses NoSuchPhoto."""
    return await _case(tx, name)


async def case_of_own_photo(tx: Tx, name: str, member_id: int) -> int | None:
    """Return the case a member's photo belongs to, or None; refuses NoSuchPhoto, also for a neighbour's."""
    return await _case(tx, name, Photo.member_id == member_id)


async def _case(tx: Tx, name: str, *conditions: Any) -> int | None:
    here = (Photo.region_id == tx.region_id, Photo.name == name, *conditions)
    found = (await tx.execute(select(Photo.case_id).where(*here))).first()
    if found is None:
        raise NoSuchPhoto("no such photo")
    case_id: int | None = found.case_id
    return case_id


async def photos_of_cases(tx: Tx, case_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the names of the photos of some cases, by case, in the order they were taken."""
    here = (Photo.region_id == tx.region_id, Photo.case_id.in_(case_ids))
    found: dict[int, list[str]] = {case_id: [] for case_id in case_ids}
    rows = select(Photo.case_id, Photo.name).where(*here).order_by(Photo.made_at, Photo.name)
    for case_id, name in await tx.execute(rows) if case_ids else ():
        found[case_id].append(name)
    return {case_id: tuple(names) for case_id, names in found.items()}

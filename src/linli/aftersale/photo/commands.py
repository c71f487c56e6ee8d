"""Listing a member's photo, and using it as evidence of a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from linli.aftersale.photo import store
from linli.kernel.refusals import BadInput, TooMany
from linli.platform.database import Tx

MOST_A_DAY = 100


class PhotoUnknown(BadInput):
    """A photo was not uploaded by this member, or shows another case already."""

    title = "照片不可用，请重新上传"


class TooManyPhotos(TooMany):
    """The member uploaded more photos in a day than any complaint needs; facts: most."""

    title = "今天上传的照片太多了"


async def check_room(tx: Tx, *, member_id: int) -> None:
    """Refuse TooManyPhotos when a member uploaded 100 photos within 24 hours."""
    if await store.count_since(tx, member_id, tx.now - timedelta(days=1)) >= MOST_A_DAY:
        raise TooManyPhotos("too many photos in a day", most=MOST_A_DAY)


async def add_photo(tx: Tx, *, member_id: int, name: str) -> str:
    """List a stored photo as a member's; returns its name."""
    await store.add(tx, name=name, member_id=member_id)
    return name


async def use_photos(tx: Tx, *, member_id: int, case_id: int, names: Sequence[str]) -> None:
    """Tie a member's own fresh photos to a case; refuses PhotoUnknown."""
    wanted = set(names)
    if wanted and await store.take(tx, member_id=member_id, case_id=case_id, names=sorted(wanted)) < len(wanted):
        raise PhotoUnknown("upload the photos first; each is used for one case")

"""Listing what was put into the storage."""

from __future__ import annotations

from linli.catalog.asset import rules, store
from linli.catalog.asset.model import LARGEST_VIDEO, PICTURE_TYPE, VIDEO_TYPES, AssetKind, AssetValue, Container
from linli.kernel.refusals import BadInput
from linli.platform.database import Tx


class VideoUnusable(BadInput):
    """The upload is no MP4 or WebM film that we take, or too large; facts: reason."""

    title = "视频无法使用"


async def add_picture(tx: Tx, *, name: str, length: int, sides: tuple[int, int]) -> AssetValue:
    """List a stored picture of `length` bytes and `sides` pixels, so that products can show it."""
    made = AssetValue(name, AssetKind.PICTURE, PICTURE_TYPE, length, *sides, 0)
    await store.add(tx, {**vars(made), "by": tx.by, "made_at": tx.now})
    return made


async def add_video(tx: Tx, *, name: str, length: int, container: Container) -> AssetValue:
    """List a stored video, so that products can show it."""
    made = AssetValue(name, AssetKind.VIDEO, VIDEO_TYPES[container.ending], length, 0, 0, container.milliseconds)
    await store.add(tx, {**vars(made), "by": tx.by, "made_at": tx.now})
    return made


def check_video(raw: bytes) -> Container:
    """Return the container of an uploaded video, told by its structure, never by its name; refuses VideoUnusable."""
    if len(raw) > LARGEST_VIDEO:
        raise VideoUnusable("a video may have at most 10 MiB", reason="too_large")
    found = rules.container_of(raw)
    if found is None:
        raise VideoUnusable("this is no whole MP4 or WebM film of three minutes at most", reason="unreadable")
    return found

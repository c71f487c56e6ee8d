"""Reading the list of assets."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from linli.catalog.asset.model import AssetValue
from linli.catalog.asset.records import Asset
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx


class NoSuchPicture(NotFound):
    """No product picture has this name."""

    title = "没有这张图片"


class NoSuchVideo(NotFound):
    """No product video has this name."""

    title = "没有这个视频"


async def assets(tx: Tx, names: Iterable[str]) -> dict[str, AssetValue]:
    """Return the assets of these names, in one query; unknown names are left out."""
    found = await tx.all(select(Asset).where(Asset.name.in_(set(names))))
    return {row.name: _value(row) for row in found}


async def shown_picture(tx: Tx, name: str) -> AssetValue:
    """Return the listed picture whose own name or thumbnail's name this is; refuses NoSuchPicture."""
    stem, *_, ending = name.split(".")
    whole = f"{stem}.{ending}"
    found = (await assets(tx, [whole])).get(whole)
    if found is None or name not in (found.name, found.small, found.medium):
        raise NoSuchPicture("no such picture")
    return found


async def shown_video(tx: Tx, name: str) -> AssetValue:
    """Return the listed video of this name; refuses NoSuchVideo."""
    found = (await assets(tx, [name])).get(name)
    if found is None or found.kind != "video":
        raise NoSuchVideo("no such video")
    return found


def _value(row: Asset) -> AssetValue:
    return AssetValue(row.name, row.kind, row.content_type, row.bytes, row.width, row.height, row.milliseconds)

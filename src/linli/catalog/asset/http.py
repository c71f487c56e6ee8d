"""Routes of assets: buyers upload them, anybody sees them, leaders download them."""

import asyncio
from typing import Annotated

from fastapi import Response
from pydantic import Field as Limits

from linli.catalog.asset import commands, queries, rules
from linli.catalog.asset.model import PICTURE_TYPE, SIDES, AssetValue
from linli.platform.database import Tx
from linli.platform.storage import Storage, picture_sides, reencode_picture, thumbnail
from linli.platform.web import KEY_HEADER, Audience, Call, CallOf, View

console = Audience("console", "asset")
app = Audience("app", "asset")
leader = Audience("leader", "asset")
routers = [console.router, app.router, leader.router]

ShownName = Annotated[str, Limits(pattern=r"^[0-9a-f]{32}(\.small|\.medium)?\.webp$")]
VideoName = Annotated[str, Limits(pattern=r"^[0-9a-f]{32}\.(mp4|webm)$")]
AssetName = Annotated[str, Limits(pattern=r"^[0-9a-f]{32}\.(webp|mp4|webm)$")]
ADVERTISED = "product pictures and videos are advertisements"
FOREVER = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def _upload(kind: str) -> dict[str, object]:
    content = {kind: {"schema": {"type": "string", "format": "binary"}}}
    return {"parameters": [KEY_HEADER], "requestBody": {"required": True, "content": content}}


class PictureView(View):
    """An uploaded picture: the names under which it and its thumbnails are fetched."""

    name: str
    small: str
    medium: str
    width: int
    height: int


class VideoView(View):
    """An uploaded video: the name under which it is fetched, its content type and how long it plays if it says so."""

    name: str
    content_type: str
    bytes: int
    milliseconds: int


@console.post("/pictures", permission="catalog.manage", openapi_extra=_upload("image/*"))
async def add_picture(call: CallOf) -> PictureView:
    """Upload a picture as raw body (JPEG, PNG or WebP, 10 MiB at most); it is re-encoded without metadata."""
    picture = await asyncio.to_thread(reencode_picture, await call.request.body())
    name = await call.installation.storage.keep(picture, "webp")
    await _keep_thumbnails(call.installation.storage, name, picture)

    async def work(tx: Tx) -> PictureView:
        made = await commands.add_picture(tx, name=name, length=len(picture), sides=picture_sides(picture))
        return PictureView.model_validate(made)

    return await call.write(work, region_id=0)


@console.post("/videos", permission="catalog.manage", openapi_extra=_upload("application/octet-stream"))
async def add_video(call: CallOf) -> VideoView:
    """Upload a short video as raw body (MP4 or WebM, 10 MiB and three minutes at most); it is kept as it is."""
    raw = await call.request.body()
    container = commands.check_video(raw)
    name = await call.installation.storage.keep(raw, container.ending)

    async def work(tx: Tx) -> VideoView:
        return VideoView.model_validate(await commands.add_video(tx, name=name, length=len(raw), container=container))

    return await call.write(work, region_id=0)


@app.get("/pictures/{name}", permission=None, public_reason=ADVERTISED, response_class=Response)
async def get_picture(name: ShownName, call: CallOf) -> Response:
    async with call.reading(0) as tx:
        await queries.shown_picture(tx, name)
    return Response(await call.installation.storage.fetch(name), media_type=PICTURE_TYPE, headers=FOREVER)


@app.get("/videos/{name}", permission=None, public_reason=ADVERTISED, response_class=Response)
async def get_video(name: VideoName, call: CallOf) -> Response:
    """Play a video; a player may ask for a part of it."""
    async with call.reading(0) as tx:
        found = await queries.shown_video(tx, name)
    return await _played(call, found)


@leader.get("/assets/{name}", permission="station.own", response_class=Response)
async def download_asset(name: AssetName, call: CallOf) -> Response:
    """Download a picture or video, to share it in a group."""
    async with call.reading(0) as tx:
        if name.endswith(".webp"):
            found = await queries.shown_picture(tx, name)
        else:
            found = await queries.shown_video(tx, name)
    headers = {**FOREVER, "Content-Disposition": f'attachment; filename="{found.name}"'}
    return Response(await call.installation.storage.fetch(found.name), media_type=found.content_type, headers=headers)


async def _keep_thumbnails(storage: Storage, name: str, picture: bytes) -> None:
    stem = name.partition(".")[0]
    for size, side in SIDES.items():
        small = await asyncio.to_thread(thumbnail, picture, side)
        await storage.keep(small, f"{size}.webp", stem=stem)


async def _played(call: Call, video: AssetValue) -> Response:
    raw = await call.installation.storage.fetch(video.name)
    headers = {**FOREVER, "Accept-Ranges": "bytes"}
    asked = call.request.headers.get("range", "")
    part = rules.part_of(asked, len(raw)) if asked else None
    if part is None:
        return Response(raw, media_type=video.content_type, headers=headers)
    first, last = part
    headers["Content-Range"] = f"bytes {first}-{last}/{len(raw)}"
    return Response(raw[first : last + 1], 206, headers, media_type=video.content_type)

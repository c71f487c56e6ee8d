"""Routes of photos: members upload and see their own, customer service sees those of its region."""

import asyncio
from typing import Annotated

from fastapi import Response
from pydantic import Field
from starlette.datastructures import UploadFile

from linli.aftersale.photo import commands, queries
from linli.kernel.refusals import BadInput
from linli.platform.database import Tx
from linli.platform.storage import reencode_picture
from linli.platform.web import Audience, Call, CallOf, View

app = Audience("app", "photo")
console = Audience("console", "photo")
routers = [app.router, console.router]

PhotoName = Annotated[str, Field(pattern=r"^[0-9a-f]{32}\.webp$")]
BINARY = {"type": "string", "format": "binary"}
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["photo"], "properties": {"photo": BINARY}}
            },
            "image/*": {"schema": BINARY},
        },
    }
}
PRIVATE = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}


class PhotoMissing(BadInput):
    """The form has no file in it."""

    title = "没有收到照片"


class PhotoView(View):
    """An uploaded photo: the name by which it is used and fetched."""

    name: str


@app.post("/photos", permission="case.open", openapi_extra=UPLOAD)
async def add_photo(call: CallOf) -> PhotoView:
    """Upload one photo, as a form's file or as raw body (JPEG, PNG or WebP, 10 MiB at most); it loses its metadata."""
    member_id = call.who.person_id
    async with call.reading() as tx:
        await commands.check_room(tx, member_id=member_id)
    picture = await asyncio.to_thread(reencode_picture, await _uploaded(call))
    name = await call.installation.storage.keep(picture, "webp")

    async def work(tx: Tx) -> PhotoView:
        return PhotoView(name=await commands.add_photo(tx, member_id=member_id, name=name))

    return await call.write(work)


async def _uploaded(call: Call) -> bytes:
    raw = await call.request.body()  # read first: the form is then parsed from it, and it can be fingerprinted
    if not call.request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return raw
    async with call.request.form(max_files=1, max_fields=4) as form:
        for part in form.values():
            if isinstance(part, UploadFile):
                return await part.read()
    raise PhotoMissing("the form holds no file")


@app.get("/photos/{name}", permission="case.open", response_class=Response)
async def get_own_photo(name: PhotoName, call: CallOf) -> Response:
    async with call.reading() as tx:
        await queries.case_of_own_photo(tx, name, call.who.person_id)
    return await shown(call, name)


@console.get("/photos/{name}", permission="case.manage", response_class=Response)
async def get_photo(name: PhotoName, call: CallOf) -> Response:
    async with call.reading() as tx:
        await queries.case_of_photo(tx, name)
    return await shown(call, name)


async def shown(call: Call, name: str) -> Response:
    """Return a stored photo to somebody who may see it."""
    return Response(await call.installation.storage.fetch(name), media_type="image/webp", headers=PRIVATE)

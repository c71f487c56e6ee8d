"""Files of an installation: a local folder by default, S3 or OSS by address; names are random and never executed."""

from __future__ import annotations

import secrets
from io import BytesIO
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore
from PIL import Image, ImageOps, UnidentifiedImageError

from linli.kernel.refusals import BadInput, NotFound

LARGEST_PICTURE = 10 * 1024 * 1024
LARGEST_PIXELS = 40_000_000
LONGEST_SIDE = 1600


class PictureUnusable(BadInput):
    """The upload is not a picture we can read, or too large."""

    title = "图片无法使用"


class FileMissing(NotFound):
    """There is no such file."""

    title = "文件不存在"


class Storage:
    """Keeps bytes under random names."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def local(cls, folder: Path) -> Storage:
        """Open the storage in a local folder, which is made when missing."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(LocalStore(str(folder.resolve())))

    async def keep(self, raw: bytes, ending: str, *, stem: str = "") -> str:
        """Store bytes and return their name: random, or beside another file whose random stem is given."""
        name = f"{stem or secrets.token_hex(16)}.{ending}"
        await obstore.put_async(self._store, name, raw)
        return name

    async def fetch(self, name: str) -> bytes:
        """Return stored bytes; refuses FileMissing."""
        if not all(c.isalnum() or c == "." for c in name):
            raise FileMissing(name)
        try:
            found = await obstore.get_async(self._store, name)
        except FileNotFoundError as error:
            raise FileMissing(name) from error
        return bytes(await found.bytes_async())


def reencode_picture(raw: bytes) -> bytes:
    """Return an uploaded photo as a fresh WebP of at most 1600 px a side, without its metadata; refuses
    PictureUnusable."""
    if len(raw) > LARGEST_PICTURE:
        raise PictureUnusable("a picture may have at most 10 MiB", reason="too_large")
    try:
        with Image.open(BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise PictureUnusable("the picture has too many pixels", reason="too_many_pixels")
            small = ImageOps.exif_transpose(picture).convert("RGB")  # phones keep the camera's turn in the metadata
            small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            out = BytesIO()
            small.save(out, "WEBP", quality=82)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureUnusable("this is not a JPEG, PNG or WebP picture", reason="unreadable") from error
    return out.getvalue()


def thumbnail(picture: bytes, side: int) -> bytes:
    """Return one of our own pictures as a WebP of at most `side` pixels a side."""
    with Image.open(BytesIO(picture), formats=("WEBP",)) as whole:
        whole.thumbnail((side, side))
        out = BytesIO()
        whole.save(out, "WEBP", quality=80)
    return out.getvalue()


def picture_sides(picture: bytes) -> tuple[int, int]:
    """Return the width and height of one of our own pictures."""
    with Image.open(BytesIO(picture), formats=("WEBP",)) as whole:
        return whole.size

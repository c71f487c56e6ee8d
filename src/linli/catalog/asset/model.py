"""What an asset is, and what may be one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PICTURE_TYPE = "image/webp"
VIDEO_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}
LARGEST_VIDEO = 10 * 1024 * 1024
LONGEST_VIDEO_MS = 180_000


class AssetKind(StrEnum):
    """A picture 图片 or a short video 短视频."""

    PICTURE = "picture"
    VIDEO = "video"


class Size(StrEnum):
    """The thumbnails of a picture."""

    SMALL = "small"
    MEDIUM = "medium"


SIDES = {Size.SMALL: 200, Size.MEDIUM: 600}
"""The longest side of each thumbnail in pixels."""


@dataclass(frozen=True)
class AssetValue:
    """A stored picture or video: its name, fixed content type and size; sides in pixels, 0 for videos."""

    name: str
    kind: str
    content_type: str
    bytes: int
    width: int
    height: int
    milliseconds: int

    @property
    def small(self) -> str:
        """Return the name of a picture's small thumbnail; empty for videos."""
        return self._thumbnail(Size.SMALL)

    @property
    def medium(self) -> str:
        """Return the name of a picture's medium thumbnail; empty for videos."""
        return self._thumbnail(Size.MEDIUM)

    def _thumbnail(self, size: Size) -> str:
        stem, _, ending = self.name.partition(".")
        return f"{stem}.{size}.{ending}" if self.kind == AssetKind.PICTURE else ""


@dataclass(frozen=True)
class Container:
    """What a video file says of itself: the ending it gets here and how long it plays; 0 when it does not say."""

    ending: str
    milliseconds: int

"""Pure checks of video files and of the part of a file that a player asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from linli.catalog.asset.model import LONGEST_VIDEO_MS, Container

_MP4_BRANDS = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash", b"qt  "}
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_RANGE = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})", re.ASCII)


def container_of(raw: bytes) -> Container | None:
    """Return what container a video stands in (ISO 14496-12 MP4 or WebM), read from its own structure; None when the
    file is neither, is cut off, holds no film, or plays too long."""
    found = _webm(raw) if raw.startswith(_EBML) else _mp4(raw)
    return found if found and found.milliseconds <= LONGEST_VIDEO_MS else None


def part_of(asked: str, length: int) -> tuple[int, int] | None:
    """Return the first and last byte of a single range asked for by RFC 9110; None when there is no such part."""
    matched = _RANGE.fullmatch(asked.strip())
    if not matched or not (matched[1] or matched[2]) or not length:
        return None
    if not matched[1]:
        first, last = max(0, length - int(matched[2])), length - 1
        return (first, last) if int(matched[2]) else None
    first = int(matched[1])
    last = min(int(matched[2]), length - 1) if matched[2] else length - 1
    return (first, last) if first <= last else None


def _mp4(raw: bytes) -> Container | None:
    boxes = dict(_boxes(raw, 0, len(raw)))
    kind = boxes.get(b"ftyp")
    if kind is None or kind[0] != 8 or b"" in boxes or not {b"moov", b"mdat"} <= boxes.keys():
        return None
    if raw[8:12] not in _MP4_BRANDS:
        return None
    inside = dict(_boxes(raw, *boxes[b"moov"]))
    if b"trak" not in inside or b"mvhd" not in inside or b"" in inside:
        return None
    played = _played(raw[slice(*inside[b"mvhd"])])
    return None if played is None else Container("mp4", played)


def _boxes(raw: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield the boxes from one place to another with where their content lies; an empty name marks a broken one."""
    while at < end:
        size, name, head = int.from_bytes(raw[at : at + 4], "big"), raw[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(raw[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end or at + head > end:
            yield b"", (at, end)
            return
        yield name, (at + head, at + size)
        at += size


def _played(head: bytes) -> int | None:
    """Return how long a film's head says it plays, in milliseconds."""
    wide = head[:1] == b"\x01"
    needed = 32 if wide else 20
    if len(head) < needed:
        return None
    scale = int.from_bytes(head[20:24] if wide else head[12:16], "big")
    length = int.from_bytes(head[24:32] if wide else head[16:20], "big")
    return length * 1_000 // scale if scale else None


def _webm(raw: bytes) -> Container | None:
    head = raw[:4_096]
    kind = head.find(b"\x42\x82")
    named = kind > 0 and head[kind + 3 : kind + 7] == b"webm"
    return Container("webm", 0) if named and _SEGMENT in head else None

"""What the shipped font can draw, so that no name is printed as an empty box."""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import cache
from pathlib import Path
from typing import Literal

FONTS = Path(__file__).parent / "fonts"
MISSING = "〓"


def font_file(weight: Literal["regular", "bold"] = "regular") -> Path:
    """Say where the TrueType file of Noto Sans SC lies; only the regular weight holds every character."""
    return FONTS / f"NotoSansSC-{weight.capitalize()}.ttf"


def printable(text: str) -> str:
    """Return the text as the font can draw it: line breaks become spaces, invisible marks go, emoji become 〓."""
    if text.isascii() and text.isprintable():
        return text
    return _foreign().sub(_replaced, text)


def _replaced(found: re.Match[str]) -> str:
    kinds = {unicodedata.category(letter) for letter in found.group() if letter != "\ufe0f"}
    if kinds <= {"Cc", "Zl", "Zp", "Zs"}:
        return " " if kinds else ""
    return "" if kinds <= {"Cf", "Mn", "Me"} else MISSING


@cache
def _foreign() -> re.Pattern[str]:
    drawn = "".join(
        f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in _drawn_ranges() if not _odd(first, last)
    )
    return re.compile(f"[^{drawn}]+")


def _odd(first: int, last: int) -> bool:
    """Tell whether the range holds invisible formatting marks, which the font carries but no name needs."""
    return any(unicodedata.category(chr(point)) in ("Cc", "Cf", "Zl", "Zp") for point in range(first, last + 1))


def _drawn_ranges() -> list[tuple[int, int]]:
    """Read the character map (tables of format 12, the one that reaches all of Unicode) of the regular font."""
    raw = font_file().read_bytes()
    cmap = next(
        struct.unpack_from(">L", raw, entry + 8)[0]
        for entry in range(12, 12 + 16 * struct.unpack_from(">H", raw, 4)[0], 16)
        if raw[entry : entry + 4] == b"cmap"
    )
    for record in range(struct.unpack_from(">H", raw, cmap + 2)[0]):
        table = cmap + struct.unpack_from(">L", raw, cmap + 4 + 8 * record + 4)[0]
        if struct.unpack_from(">H", raw, table)[0] == 12:
            count = struct.unpack_from(">L", raw, table + 12)[0]
            return [struct.unpack_from(">LL", raw, table + 16 + 12 * group) for group in range(count)]
    raise ValueError("the font has no full character map")

"""What makes two wishes the same."""

from __future__ import annotations

import unicodedata


def plain(wish: str) -> str:
    """Return a wish without spaces, width and case, so that 车厘子 2J and 车厘子２ｊ are one."""
    return "".join(unicodedata.normalize("NFKC", wish).casefold().split())

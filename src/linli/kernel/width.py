"""Width: full-width signs, as Chinese keyboards type them, taken as the plain ones they stand for."""

from typing import Final

_PLAIN: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xFFE5: "¥"}


def half_width(text: str) -> str:
    """Return the text with full-width digits, letters, punctuation and spaces made plain, sign for sign."""
    return text.translate(_PLAIN)

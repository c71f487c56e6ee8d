"""QR codes and bar codes as small SVG drawings, sharp on any printer."""

from __future__ import annotations

import re

import segno
from barcode import EAN13
from barcode.codex import Code128

from linli.platform.papers.shapes import Code

_BAR_HEIGHT = 40
_BAR_QUIET = 10
_QR_QUIET = 4
_DARK = re.compile(rb"\x01+")


class _Code128(Code128):  # type: ignore[misc]  # the library carries no types
    """Code 128 as the library writes it, without its mistake of dropping 99 from the front of a text."""

    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        # The symbol of the digits 99 is also the sign "change to set C", and the library takes the one for the other.
        return encoded if self.code[:2].isdigit() else super()._try_to_optimize(encoded)


def svg(code: Code) -> str:
    """Draw the code as SVG with its quiet zone; ValueError when its text cannot be carried by its kind."""
    if not code.text:
        raise ValueError("a code needs a text")
    if code.kind == "qr":
        return _qr(code.text)
    return _bars(_ean13(code.text) if code.kind == "ean13" else _code128(code.text))


def _qr(text: str) -> str:
    # Left alone, segno may write Chinese as Shift-JIS kanji, which phones read differently; and it tries all eight
    # masks to find the prettiest, which costs four times the drawing and helps no reader of a sharp print.
    encoding = None if text.isascii() else "utf-8"
    rows = segno.make_qr(text, error="m", encoding=encoding, mask=0).matrix
    size = len(rows) + 2 * _QR_QUIET
    return _drawing(size, size, [(row + _QR_QUIET, 1, bytes(modules)) for row, modules in enumerate(rows)], _QR_QUIET)


def _code128(text: str) -> str:
    if not all(" " <= letter <= "~" for letter in text):
        raise ValueError("Code 128 carries printable ASCII only")
    modules: str = _Code128(text).build()[0]
    return modules


def _ean13(text: str) -> str:
    if len(text) != 13 or not (text.isascii() and text.isdigit()):
        raise ValueError("EAN-13 is 13 digits")
    drawn = EAN13(text)
    # The library quietly replaces a wrong check digit; a wrong number must not become another product.
    if drawn.get_fullcode() != text:
        raise ValueError(f"EAN-13 {text} has a wrong check digit")
    modules: str = drawn.build()[0]
    return modules


def _bars(modules: str) -> str:
    width = len(modules) + 2 * _BAR_QUIET
    rows = [(0, _BAR_HEIGHT, bytes(map(int, modules)))]
    return _drawing(width, _BAR_HEIGHT, rows, _BAR_QUIET, stretch=True)


def _drawing(width: int, height: int, rows: list[tuple[int, int, bytes]], quiet: int, *, stretch: bool = False) -> str:
    """Draw rows (top, height, modules as 0 and 1) as one path, each run of dark modules as one rectangle."""
    path = "".join(
        f"M{run.start() + quiet} {top}h{run.end() - run.start()}v{tall}h-{run.end() - run.start()}z"
        for top, tall, modules in rows
        for run in _DARK.finditer(modules)
    )
    ratio = ' preserveAspectRatio="none"' if stretch else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"{ratio}><path d="{path}"/></svg>'
    )

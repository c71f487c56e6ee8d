"""Long lists of text, row by row: uploads in Excel or CSV as they come, and files that do not need memory to write."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import python_calamine
import xlsxwriter

from linli.platform.papers.excel import MAX_COLUMNS, excel_rows, number_text
from linli.platform.papers.reading import SheetUnreadable

_CHUNK = 1 << 16
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def text_rows(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file or of an Excel file's first sheet as text, each with its number; every digit kept.

    CSV may be UTF-8 or GBK, separated by commas, semicolons or tabs. A quote sign that keeps a text from being a
    formula is taken off. Refuses SheetUnreadable, at the latest when the broken place is reached.
    """
    if raw.startswith(b"PK"):
        found = excel_rows(raw)
    elif raw.startswith(b"\xd0\xcf\x11\xe0"):
        found = _old_excel(raw)
    else:
        found = _csv(raw)
    for number, cells in found:
        yield number, [_bare(cell) for cell in cells]


def _old_excel(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        sheet = python_calamine.load_workbook(io.BytesIO(raw)).get_sheet_by_index(0)
        skipped = (sheet.start or (0, 0))[0]
        for number, cells in enumerate(sheet.iter_rows(), skipped + 1):
            yield number, [_text(cell) for cell in cells[:MAX_COLUMNS]]
    except (python_calamine.CalamineError, OSError, ValueError, IndexError, OverflowError) as trouble:
        raise SheetUnreadable("not an Excel file that can be read") from trouble


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return number_text(cell) if isinstance(cell, float) else str(cell)


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:] if text.startswith("'") else text


def _csv(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    encoding = next((each for each in ("utf-8-sig", "gb18030") if _decodes(raw, each)), "")
    if not encoding or b"\x00" in raw:
        raise SheetUnreadable("neither Excel nor CSV")
    head = raw[:4_096].splitlines()[:1] or [b""]
    sign = max(",;\t", key=lambda each: head[0].count(each.encode()))
    lines = io.TextIOWrapper(io.BytesIO(raw), encoding, newline="")
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=sign, strict=True), 1):
            yield number, cells[:MAX_COLUMNS]
    except csv.Error as trouble:
        raise SheetUnreadable(f"broken CSV: {trouble}") from trouble


def _decodes(raw: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(raw)
    try:
        for at in range(0, len(raw), _CHUNK):
            decoder.decode(view[at : at + _CHUNK])
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


class ListWriter(Protocol):
    """Writes a list of text row by row into a file; nothing in it is ever a formula."""

    def write(self, cells: Sequence[str]) -> None:
        """Add a row."""

    def close(self) -> None:
        """Finish the file."""


class CsvList:
    """Writes CSV that Excel opens in Chinese (UTF-8 with its mark)."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)

    def write(self, cells: Sequence[str]) -> None:
        """Add a row; a text that a spreadsheet would take for a formula gets a quote sign before it."""
        self._writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class ExcelList:
    """Writes one sheet of text cells, with its heads in bold and kept in sight; more sheets may explain it."""

    def __init__(self, path: Path, name: str, widths: Sequence[int]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), {**options, "strings_to_numbers": False})
        self._bold = self._book.add_format({"bold": True, "bg_color": "#EEEEEE", "num_format": "@"})
        self._plain = self._book.add_format({"num_format": "@"})
        self._open(name, widths)

    def _open(self, name: str, widths: Sequence[int]) -> None:
        self._page = self._book.add_worksheet(name)
        for place, width in enumerate(widths):
            self._page.set_column(place, place, width, self._plain)
        self._page.freeze_panes(1, 0)
        self._row = 0

    def next_sheet(self, name: str, widths: Sequence[int]) -> None:
        """Go on in another sheet."""
        self._open(name, widths)

    def write(self, cells: Sequence[str]) -> None:
        """Add a row; the first one is the heads."""
        shown = self._plain if self._row else self._bold
        for place, cell in enumerate(cells):
            if cell or not self._row:
                self._page.write_string(self._row, place, f"'{cell}" if cell.startswith("'") else cell, shown)
        self._row += 1

    def close(self) -> None:
        """Finish the file."""
        self._book.close()

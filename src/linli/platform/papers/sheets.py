"""Excel files written row by row: Chinese heads, exact yuan, and never a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import xlsxwriter

TOTAL = "合计"
MAX_ROWS = 1_048_576
_MAX_TEXT = 32_767
_FONT = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}


class Kind(StrEnum):
    """What a column holds in our values, and so how Excel shows it."""

    TEXT = "text"  # str, digits kept as they stand: phones, codes, order numbers
    WHOLE = "whole"  # int
    FEN = "fen"  # int fen, shown as yuan with two decimals
    GRAMS = "grams"  # int grams, shown as kilograms with three decimals
    RATE = "rate"  # int basis points, shown as a percentage with two decimals
    DAY = "day"  # date
    MOMENT = "moment"  # aware datetime, shown in the sheet's zone


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the key of our value, its Chinese head, and whether the foot adds it up."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    width: int = 0
    total: bool = False

    def __post_init__(self) -> None:
        if self.total and self.kind not in (Kind.WHOLE, Kind.FEN, Kind.GRAMS):
            raise ValueError(f"{self.title} cannot be added up")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows are read once, so they may come from a cursor."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Mapping[str, Any]]
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        if not self.columns or self.columns[0].total:
            raise ValueError(f"{self.name}: the first column carries the word {TOTAL} and cannot be added up")


class _Shown(NamedTuple):
    pattern: str
    width: int
    align: str


_SHOWN = {
    Kind.TEXT: _Shown("@", 18, "left"),
    Kind.WHOLE: _Shown("#,##0", 10, "right"),
    Kind.FEN: _Shown("#,##0.00", 13, "right"),
    Kind.GRAMS: _Shown("#,##0.000", 12, "right"),
    Kind.RATE: _Shown("0.00%", 10, "right"),
    Kind.DAY: _Shown("yyyy-mm-dd", 12, "left"),
    Kind.MOMENT: _Shown("yyyy-mm-dd hh:mm:ss", 20, "left"),
}
_DECIMALS = {Kind.WHOLE: 0, Kind.FEN: 2, Kind.GRAMS: 3, Kind.RATE: 4}
# Excel keeps fifteen digits; one more would be changed without a word.
_MAX_NUMBER = 10**15


def workbook(sheets: Sequence[Sheet], *, made_at: datetime) -> bytes:
    """Write the sheets as an .xlsx file, the same bytes for the same data; ValueError for what Excel cannot hold."""
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)})
        taken: set[str] = set()
        for sheet in sheets:
            page = book.add_worksheet(_sheet_name(sheet.name, taken))
            _lay_out(book, page, sheet)
            last, sums = _write_rows(book, page, sheet)
            _close(book, page, sheet, last, sums)
    return out.getvalue()


def _lay_out(book: Any, page: Any, sheet: Sheet) -> None:
    head = book.add_format({**_FONT, "bold": True, "bg_color": "#EEEEEE", "bottom": 1})
    for place, column in enumerate(sheet.columns):
        width = column.width or max(_SHOWN[column.kind].width, 2 * len(column.title) + 2)
        page.set_column(place, place, width)
        _write_text(page, 0, place, column.title, head)
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)


def _write_rows(book: Any, page: Any, sheet: Sheet) -> tuple[int, dict[str, int]]:
    """Write the rows; return the number of the last one, counted from 0, and the sums of the added-up columns."""
    zone = ZoneInfo(sheet.zone)
    plan = [(place, each, _format(book, each.kind)) for place, each in enumerate(sheet.columns)]
    sums = {column.key: 0 for column in sheet.columns if column.total}
    row = 0
    for row, values in enumerate(sheet.rows, start=1):
        if row >= MAX_ROWS - 1:
            raise ValueError(f"{sheet.name}: Excel holds {MAX_ROWS:,} rows at most")
        for place, column, shown in plan:
            value = values[column.key]
            if value is None:
                continue
            _write(page, row, place, _cell(value, column, zone), shown)
            if column.total:
                sums[column.key] += value
    return row, sums


def _close(book: Any, page: Any, sheet: Sheet, last: int, sums: Mapping[str, int]) -> None:
    page.autofilter(0, 0, max(last, 1), len(sheet.columns) - 1)
    if not sums:
        return
    for place, column in enumerate(sheet.columns):
        shown = _format(book, column.kind, bold=True, top=1)
        if column.total:
            _write(page, last + 1, place, _number(sums[column.key], column), shown)
        elif place == 0:
            _write_text(page, last + 1, place, TOTAL, shown)


def _format(book: Any, kind: Kind, **more: object) -> Any:
    return book.add_format({**_FONT, "num_format": _SHOWN[kind].pattern, "align": _SHOWN[kind].align, **more})


def _cell(value: Any, column: Column, zone: ZoneInfo) -> str | Decimal | date | datetime:
    match column.kind:
        case Kind.TEXT if isinstance(value, str):
            return value
        case Kind.MOMENT if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(zone).replace(tzinfo=None)
        case Kind.DAY if isinstance(value, date) and not isinstance(value, datetime):
            return value
        case Kind.WHOLE | Kind.FEN | Kind.GRAMS | Kind.RATE if isinstance(value, int):
            return _number(value, column)
    raise ValueError(f"{column.title} takes {column.kind}, not {type(value).__name__}")


def _number(value: int, column: Column) -> Decimal:
    if abs(value) >= _MAX_NUMBER:
        raise ValueError(f"{column.title}: Excel cannot hold {value} exactly")
    return Decimal(value).scaleb(-_DECIMALS[column.kind])


def _write(page: Any, row: int, place: int, value: str | Decimal | date | datetime, shown: Any) -> None:
    if isinstance(value, str):
        _write_text(page, row, place, value, shown)
    elif isinstance(value, Decimal):
        page.write_number(row, place, value, shown)
    else:
        page.write_datetime(row, place, value, shown)


def _write_text(page: Any, row: int, place: int, value: str, shown: Any) -> None:
    # The writer drops a longer text in silence; a cell that lost its end must not leave the house.
    if len(value.encode("utf-16-le")) // 2 > _MAX_TEXT:
        raise ValueError(f"a cell holds {_MAX_TEXT:,} letters at most")
    page.write_string(row, place, value, shown)


def _sheet_name(wanted: str, taken: set[str]) -> str:
    """Make the name one that Excel takes: 31 letters, none of its own signs, not used before in whatever case."""
    base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", wanted).strip(" '") or "Sheet"
    name, again = base[:31], 1
    while name.lower() in taken:
        again += 1
        tail = f" {again}"
        name = base[: 31 - len(tail)] + tail
    taken.add(name.lower())
    return name

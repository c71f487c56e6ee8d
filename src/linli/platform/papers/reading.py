"""Reads what people upload (Excel or CSV) into our values, keeping every digit and naming every bad cell."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import python_calamine

from linli.platform.papers.sheets import TOTAL, Column, Kind

ROW = "row"
_MAX_UNPACKED = 300 * 1024 * 1024
_FAITHFUL = 10**15
_DECIMALS = {Kind.WHOLE: 0, Kind.FEN: 2, Kind.GRAMS: 3, Kind.RATE: 4}


class SheetUnreadable(ValueError):
    """The upload is not a sheet we can read; `code` is stable, `detail` names what is wrong."""

    code = "sheet_unreadable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class BadCell:
    """Stands where a value could not be read: the head of its column, what was found, and why it is refused."""

    title: str
    found: str
    why: str


def read_rows(
    raw: bytes, columns: Sequence[Column], *, zone: str = "Asia/Shanghai", limit: int = 50_000
) -> Iterator[dict[str, Any]]:
    """Yield one dict per row of the first sheet, keyed as the columns are, with its row number under `ROW`.

    An empty cell is None, an unreadable one a `BadCell`; blank rows and our own totals row are left out. Columns are
    found by head, in any order; more columns do no harm. SheetUnreadable when the file is no sheet, lacks a column,
    names one twice or holds more than `limit` rows. Yuan become fen, kilograms grams, local times UTC.
    """
    grid = _grid(raw)
    places = _places(grid[0] if grid else [], columns)
    if len(grid) - 1 > limit:
        raise SheetUnreadable(f"more than {limit:,} rows")
    return _rows(grid, columns, places, ZoneInfo(zone))


def bad_cells(row: dict[str, Any]) -> list[BadCell]:
    """List the cells of a row that could not be read."""
    return [cell for cell in row.values() if isinstance(cell, BadCell)]


def _rows(
    grid: list[list[Any]], columns: Sequence[Column], places: Sequence[int], zone: ZoneInfo
) -> Iterator[dict[str, Any]]:
    for number, cells in enumerate(grid[1:], start=2):
        if all(cell == "" for cell in cells) or cells[0] == TOTAL:
            continue
        row: dict[str, Any] = {ROW: number}
        for column, place in zip(columns, places, strict=True):
            row[column.key] = _value(cells[place] if place < len(cells) else "", column, zone)
        yield row


def _places(heads: Sequence[Any], columns: Sequence[Column]) -> list[int]:
    found = [str(head).strip().lstrip("\ufeff") for head in heads]
    places: list[int] = []
    for column in columns:
        if found.count(column.title) != 1:
            wrong = "missing" if column.title not in found else "there more than once"
            raise SheetUnreadable(f"column {column.title} is {wrong}")
        places.append(found.index(column.title))
    return places


def _grid(raw: bytes) -> list[list[Any]]:
    if raw.startswith(b"PK"):
        _refuse_bomb(raw)
    elif not raw.startswith(b"\xd0\xcf\x11\xe0"):
        return _csv_grid(raw)
    try:
        book = python_calamine.load_workbook(io.BytesIO(raw))
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError, ValueError, IndexError) as trouble:
        raise SheetUnreadable("not an Excel file") from trouble


def _refuse_bomb(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as trouble:
        raise SheetUnreadable("not an Excel file") from trouble
    if unpacked > _MAX_UNPACKED:
        raise SheetUnreadable("the file unpacks to more than 300 MB")


def _csv_grid(raw: bytes) -> list[list[Any]]:
    # Excel on a Chinese Windows saves CSV in GBK unless told otherwise.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise SheetUnreadable("neither Excel nor CSV")
    if "\x00" in text:
        raise SheetUnreadable("neither Excel nor CSV")
    try:
        return [list(line) for line in csv.reader(io.StringIO(text, newline=""), strict=True)]
    except csv.Error as trouble:
        raise SheetUnreadable(f"broken CSV: {trouble}") from trouble


def _value(cell: Any, column: Column, zone: ZoneInfo) -> Any:
    if cell == "" or cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    try:
        match column.kind:
            case Kind.TEXT:
                return _as_text(cell)
            case Kind.DAY:
                return _as_day(cell)
            case Kind.MOMENT:
                return _as_moment(cell, zone)
        return _as_number(cell, _DECIMALS[column.kind])
    except (ValueError, InvalidOperation) as trouble:
        why = "not a number" if isinstance(trouble, InvalidOperation) else str(trouble)
        return BadCell(column.title, str(cell), why)


def _as_text(cell: Any) -> str:
    match cell:
        case str():
            return cell.strip().removeprefix("'")
        case bool():
            return str(cell).upper()
        case float() | int():
            exact = _exact(cell)
            return f"{exact:f}"
        case datetime():
            return cell.isoformat(sep=" ")
    return str(cell)


def _exact(cell: float) -> Decimal:
    if abs(cell) >= _FAITHFUL:
        raise ValueError("Excel has lost digits of this number: format the column as text")
    # Fifteen digits are what Excel keeps; beyond them lies only the noise of its own arithmetic.
    found = Decimal(format(cell, ".15g"))
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found


def _as_number(cell: Any, decimals: int) -> int:
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        raise ValueError("not a number")
    found = _exact(cell) if not isinstance(cell, str) else _typed(cell)
    if not found.is_finite():
        raise ValueError("not a number")
    if abs(found) >= _FAITHFUL:
        raise ValueError("too large")
    scaled = found.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"more than {decimals} decimals" if decimals else "not a whole number")
    return int(scaled)


def _typed(text: str) -> Decimal:
    """Read a number as people type it: ¥1,234.50, 12.50 元, 12.5%."""
    bare = text.strip().removeprefix("'").replace(",", "").replace("，", "").lstrip("¥￥ ").rstrip("元 ")
    if bare.endswith(("%", "％")):
        return Decimal(bare[:-1].strip()).scaleb(-2)
    return Decimal(bare)


def _as_day(cell: Any) -> date:
    match cell:
        case datetime():
            return cell.date()
        case date():
            return cell
        case str():
            return _parsed(cell, ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"), UTC).date()
    raise ValueError("not a date")


def _as_moment(cell: Any, zone: ZoneInfo) -> datetime:
    match cell:
        case datetime():
            return cell.replace(tzinfo=zone).astimezone(UTC)
        case date():
            return datetime.combine(cell, time(), zone).astimezone(UTC)
        case str():
            written = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
            return _parsed(cell, written, zone).astimezone(UTC)
    raise ValueError("not a time")


def _parsed(text: str, ways: Sequence[str], zone: tzinfo) -> datetime:
    for way in ways:
        try:
            return datetime.strptime(text.strip(), way).replace(tzinfo=zone)
        except ValueError:
            continue
    raise ValueError("not a date we can read")

"""Reads the first sheet of an .xlsx file as text, row by row, without ever holding the sheet."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from linli.platform.papers.reading import SheetUnreadable

MAX_UNPACKED = 300 * 1024 * 1024
MAX_SHARED = 64 * 1024 * 1024
MAX_PART = 4 * 1024 * 1024
MAX_COLUMNS = 256
MAX_TEXT = 32_767  # Excel's own limit of a cell
_CHUNK = 1 << 16
_FAITHFUL = 10**15
_BROKEN = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, OSError, ValueError, LookupError, EOFError, RuntimeError
)  # fmt: skip


def excel_rows(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that have cells, each with its number as Excel counts; refuses SheetUnreadable.

    Memory does not grow with the rows, and no size that the file claims is believed: what unpacks to more than 300 MB
    is refused while it does.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            sheet, shared = _first_sheet(packed)
            texts = list(_shared(packed, shared)) if shared else []
            yield from _Sheet(texts).rows(_chunks(packed, sheet, MAX_UNPACKED))
    except SheetUnreadable:
        raise
    except _BROKEN as trouble:
        raise SheetUnreadable("not an Excel file that can be read") from trouble


def number_text(cell: float) -> str:
    """Return a number as a sheet shows it: whole ones plain, others with the fifteen digits that Excel keeps."""
    if abs(cell) < _FAITHFUL:
        return str(int(cell)) if cell.is_integer() else format(cell, ".15g")
    return format(cell, "e")  # with an exponent, so that nobody takes the lost digits for true


def _chunks(packed: zipfile.ZipFile, name: str, most: int) -> Iterator[bytes]:
    """Yield a part of the file as it unpacks; the size and checksum in its head may be lies and are not asked."""
    member = packed.getinfo(name)
    member.file_size = most + 1
    if hasattr(member, "CRC"):
        del member.CRC
    seen = 0
    with packed.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            seen += len(chunk)
            if seen > most:
                raise SheetUnreadable("the file unpacks to too much")
            yield chunk


def _parser() -> Any:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.ordered_attributes = False

    def refuse(*_: object) -> None:
        raise SheetUnreadable("a sheet declares no document types")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _elements(packed: zipfile.ZipFile, name: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    parser = _parser()
    parser.StartElementHandler = lambda tag, attributes: found.append((_local(tag), attributes))
    for chunk in _chunks(packed, name, MAX_PART):
        parser.Parse(chunk)
    parser.Parse(b"", True)
    return found


def _local(tag: str) -> str:
    return tag.rpartition(" ")[2]


def _first_sheet(packed: zipfile.ZipFile) -> tuple[str, str]:
    """Return the names of the first sheet's part and of the shared texts' part (empty when there are none)."""
    if "xl/workbook.xml" not in packed.namelist():
        raise SheetUnreadable("not an .xlsx file")
    sheets = [attributes for tag, attributes in _elements(packed, "xl/workbook.xml") if tag == "sheet"]
    wanted = next((value for each in sheets[:1] for key, value in each.items() if _local(key) == "id"), "")
    targets: dict[str, str] = {}
    shared = ""
    for tag, attributes in _elements(packed, "xl/_rels/workbook.xml.rels"):
        if tag == "Relationship":
            place = posixpath.normpath(posixpath.join("/xl", attributes["Target"])).lstrip("/")
            targets[attributes["Id"]] = place
            if attributes.get("Type", "").endswith("/sharedStrings"):
                shared = place
    if wanted not in targets:
        raise SheetUnreadable("the file has no sheet")
    return targets[wanted], shared


def _shared(packed: zipfile.ZipFile, name: str) -> Iterator[str]:
    """Yield the shared texts; readings (phonetic runs) do not belong to them."""
    done: list[str] = []
    pieces: list[str] = []
    state = {"text": False, "reading": False}

    def start(tag: str, _: object) -> None:
        local = _local(tag)
        state["reading"] |= local == "rPh"
        state["text"] = local == "t" and not state["reading"]

    def end(tag: str) -> None:
        local = _local(tag)
        state["text"] = False
        if local == "rPh":
            state["reading"] = False
        elif local == "si":
            done.append("".join(pieces)[:MAX_TEXT])
            pieces.clear()

    parser = _parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: pieces.append(text) if state["text"] else None
    for chunk in _chunks(packed, name, MAX_SHARED):
        parser.Parse(chunk)
        yield from done
        done.clear()
    parser.Parse(b"", True)
    yield from done


class _Sheet:
    """Turns the elements of a sheet into rows of text while they come."""

    def __init__(self, shared: list[str]) -> None:
        self.shared = shared
        self.ready: list[tuple[int, list[str]]] = []
        self.number, self.cells = 0, [""]
        self.kind, self.place = "", -1
        self.pieces: list[str] = []
        self.inside = False

    def rows(self, chunks: Iterator[bytes]) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of a sheet's part."""
        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        for chunk in chunks:
            parser.Parse(chunk)
            yield from self.ready
            self.ready.clear()
        parser.Parse(b"", True)
        yield from self.ready

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag[tag.rfind(" ") + 1 :]
        if local in ("v", "t"):
            self.inside = True
        elif local == "c":
            self.kind = attributes.get("t", "n")
            self.place = _column(attributes["r"]) if "r" in attributes else self.place + 1
            self.pieces.clear()
        elif local == "row":
            self.number = int(attributes.get("r", self.number + 1))
            self.cells, self.place = [], -1

    def _text(self, text: str) -> None:
        if self.inside:
            self.pieces.append(text)

    def _end(self, tag: str) -> None:
        local = tag[tag.rfind(" ") + 1 :]
        if local in ("v", "t"):
            self.inside = False
        elif local == "c":
            self._keep()
        elif local == "row" and self.cells:
            self.ready.append((self.number, self.cells))

    def _keep(self) -> None:
        found = "".join(self.pieces)[:MAX_TEXT]
        if not found or not 0 <= self.place < MAX_COLUMNS:
            return
        if self.kind == "s":
            at = int(found)
            if not 0 <= at < len(self.shared):
                raise SheetUnreadable("a cell names a text that there is not")
            found = self.shared[at]
        elif self.kind == "b":
            found = "TRUE" if found == "1" else "FALSE"
        elif self.kind == "n":
            found = number_text(float(found))
        self.cells.extend([""] * (self.place - len(self.cells)))
        if self.place < len(self.cells):
            self.cells[self.place] = found
        else:
            self.cells.append(found)


def _column(reference: str) -> int:
    number = 0
    for letter in reference[:4]:
        if not letter.isalpha():
            break
        number = number * 26 + (ord(letter) & 31)
    return number - 1

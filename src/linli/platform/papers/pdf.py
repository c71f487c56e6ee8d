"""Papers as PDF (and as pictures for a screen): shapes go in as data, never as text of a program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import typst

from linli.platform.papers import shapes
from linli.platform.papers.amounts import capital_yuan
from linli.platform.papers.codes import svg
from linli.platform.papers.letters import FONTS, printable

Template = Literal["purchase_order", "sorting_list", "station_list", "labels", "pick_slips", "route_sheet", "statement"]

SHAPES: dict[Template, type[Any]] = {
    "purchase_order": shapes.PurchaseOrder,
    "sorting_list": shapes.SortingList,
    "station_list": shapes.StationLists,
    "labels": shapes.Labels,
    "pick_slips": shapes.PickSlips,
    "route_sheet": shapes.RouteSheet,
    "statement": shapes.Statement,
}

_TEMPLATES = Path(__file__).parent / "templates"
# Tags tell screen readers the order of reading; on lists of a thousand pages they make the file eight times as large.
_READ_ON_SCREEN: tuple[Template, ...] = ("purchase_order", "statement")
_LARGE = 200_000
_WEEKDAYS = "一二三四五六日"


def pdf(template: Template, data: shapes.Paper | Mapping[str, object]) -> bytes:
    """Print the data on the template as PDF, the same bytes for the same data.

    `data` is the template's shape or a mapping of its fields; ValueError when it does not fit or does not add up.
    It keeps a processor busy: call it from a job or a thread, not from a request's event loop.
    """
    made = _printed(template, data, "pdf", None)
    return made if isinstance(made, bytes) else made[0]


def pictures(template: Template, data: shapes.Paper | Mapping[str, object], *, ppi: int = 144) -> list[bytes]:
    """Print the data as one PNG per page, `ppi` pixels to the inch; refuses like `pdf`."""
    made = _printed(template, data, "png", ppi)
    return [made] if isinstance(made, bytes) else made


def _printed(
    template: Template, data: shapes.Paper | Mapping[str, object], form: Literal["pdf", "png"], ppi: int | None
) -> bytes | list[bytes]:
    paper = _fitted(template, data)
    plain = _as_json(paper)
    compiler = typst.Compiler(
        _TEMPLATES / f"{template}.typ",
        root=_TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": plain},
    )
    made, warnings = compiler.compile_with_warnings(
        format=form, ppi=ppi, timestamp=paper.head.made_at.astimezone(UTC), pdf_tags=template in _READ_ON_SCREEN
    )
    if len(plain) > _LARGE:
        _forget()
    if warnings:
        raise RuntimeError(f"{template}: {warnings[0].message}")
    if made is None:
        raise RuntimeError(f"{template}: nothing was printed")
    return made


def _fitted(template: Template, data: shapes.Paper | Mapping[str, object]) -> Any:
    shape = SHAPES[template]
    if isinstance(data, shape):
        return data
    return msgspec.convert(data, shape)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _forget() -> None:
    """Make the typesetter drop what it remembers: it keeps the layout of its last ten runs, megabytes a page."""
    for _ in range(12):
        typst.Compiler(b"", root=_TEMPLATES, font_paths=_fonts(), ignore_system_fonts=True).compile(format="pdf")


def _as_json(paper: Any) -> str:
    plain = _plain(paper, ZoneInfo(paper.head.zone))
    owed = getattr(paper, "total_fen", getattr(paper, "payable_fen", None))
    if owed is not None:
        plain["capital"] = capital_yuan(owed)
    return json.dumps(plain, ensure_ascii=False)


def _plain(value: Any, zone: ZoneInfo) -> Any:
    match value:
        case str():
            return printable(value)
        case bool() | int():
            return value
        case datetime():
            return _moment(value, zone)
        case date():
            return _day(value)
        case shapes.Code():
            return {"svg": svg(value), "text": printable(value.text)}
        case tuple() | list():
            return [_plain(each, zone) for each in value]
    if not is_dataclass(value):
        raise TypeError(f"a paper cannot carry {type(value).__name__}")
    return {field.name: _plain(getattr(value, field.name), zone) for field in fields(value)}


def _moment(value: datetime, zone: ZoneInfo) -> dict[str, str]:
    if value.tzinfo is None:
        raise ValueError("a paper needs aware times")
    local = value.astimezone(zone)
    return {**_day(local.date()), "clock": f"{local:%H:%M}"}


def _day(value: date) -> dict[str, str]:
    return {"day": value.isoformat(), "weekday": f"周{_WEEKDAYS[value.weekday()]}"}

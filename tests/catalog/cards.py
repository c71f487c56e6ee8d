"""What the catalogue tests put on the buyer's desk: categories, products, barcodes, sheets and films."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx2
import xlsxwriter

from tests.people_cast import Person, done

HEADS = ("商品编码", "品类", "商品名称", "规格", "条码", "净重(克)", "毛重(克)")


def fresh(name: str) -> str:
    """Return a name that nobody used: the catalogue is one for all regions."""
    return f"{name}{uuid4().hex[:8]}"


def ean() -> str:
    """Return a valid barcode that nobody used."""
    body = f"2{uuid4().int % 10**11:011d}"
    return body + str(-sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(body)) % 10)


async def category(buyer: Person, **other: Any) -> str:
    """Make a category; returns its id."""
    body = {"name": fresh("水果"), "storage_class": "chilled", "commission_bp": 1_000, **other}
    return str(done(await buyer.post("/console/categories", body))["id"])


async def product(buyer: Person, of: str, **other: Any) -> httpx2.Response:
    """Send a product of one size."""
    body = {"category_id": of, "name": fresh("赣南脐橙"), "skus": [{"spec": "5斤", "gross_g": 2_600}], **other}
    return await buyer.post("/console/products", body)


async def found(buyer: Person, search: str, **other: Any) -> list[str]:
    """Return the names that a search finds, in order."""
    page = done(await buyer.get("/console/products", params={"search": search, **other}))
    return [each["name"] for each in page["items"]]


def csv_of(rows: Sequence[Sequence[str]], heads: Sequence[str] = HEADS, encoding: str = "utf-8") -> bytes:
    """Return a CSV file."""
    out = io.StringIO()
    csv.writer(out).writerows([heads, *rows])
    return out.getvalue().encode(encoding)


def excel_of(rows: Sequence[Sequence[object]], heads: Sequence[str] = HEADS) -> bytes:
    """Return an Excel file; numbers are numbers."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as book:
        page = book.add_worksheet()
        for at, row in enumerate([heads, *rows]):
            page.write_row(at, 0, row)
    return out.getvalue()


async def send(buyer: Person, raw: bytes, mode: str = "", key: str = "") -> httpx2.Response:
    """Upload a goods sheet."""
    data = {"mode": mode} if mode else {}
    return await buyer.post("/console/goods/imports", files={"file": ("goods", raw)}, data=data, key=key)


def film(milliseconds: int = 15_000, *, brand: bytes = b"isom", frames: int = 4_000) -> bytes:
    """Return the bones of an MP4 film: a kind, a head with one track, and frames."""

    def box(name: bytes, *inside: bytes) -> bytes:
        body = b"".join(inside)
        return (8 + len(body)).to_bytes(4, "big") + name + body

    head = bytes(12) + (1_000).to_bytes(4, "big") + milliseconds.to_bytes(4, "big") + bytes(80)
    return (
        box(b"ftyp", brand, bytes(4), brand)
        + box(b"moov", box(b"mvhd", head), box(b"trak"))
        + box(b"mdat", bytes(range(256)) * (frames // 256 + 1))
    )

"""Reading the catalogue as a goods sheet, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from sqlalchemy import func, select, tuple_

from linli.catalog.category.queries import tree
from linli.catalog.category.rules import paths
from linli.catalog.product.records import Product, Sku
from linli.catalog.sheet.model import COLUMNS, PRODUCT_KEYS, SIZE_KEYS
from linli.platform.database import Tx
from linli.platform.papers import ListWriter

PAGE = 2_000
EXAMPLE = {
    "code": "SP0001", "category": "食品/水果/柑橘", "name": "赣南脐橙", "other_names": "橙子", "origin": "江西赣州",
    "grade": "一级", "shelf_life_days": "14", "quality_standard": "单果 65 毫米以上", "share_copy": "皮薄多汁",
    "spec": "5斤", "unit": "箱", "barcode": "6901028075862", "net_g": "2500", "gross_g": "2650", "volume_ml": "4000",
    "pack_size": "6", "weighed": "否", "active": "是",
}  # fmt: skip


async def count_skus(tx: Tx) -> int:
    """Return how many rows a goods sheet has now."""
    return int(await tx.scalar(select(func.count()).select_from(Sku)))


async def write_goods(tx: Tx, writer: ListWriter, tell: Callable[[int], None] = lambda rows: None) -> int:
    """Write the whole catalogue into a list, a row for each size, so that it can be imported again as it is; returns
    how many rows; `tell` hears how many were written so far."""
    writer.write([column.title for column in COLUMNS])
    written = 0
    async for page in _pages(tx):
        await asyncio.to_thread(_write_page, writer, page)
        written += len(page)
        tell(written)
    return written


def write_template(writer: ListWriter) -> None:
    """Write the heads that an import reads."""
    writer.write([column.title for column in COLUMNS])


def notes() -> list[list[str]]:
    """Return what each column takes, with an example, for the second sheet of a template."""
    heads = [["列", "英文列名", "说明", "示例"]]
    return heads + [[each.title, each.key, each.note, EXAMPLE.get(each.key, "")] for each in COLUMNS]


async def _pages(tx: Tx) -> AsyncIterator[list[list[str]]]:
    names = paths(await tree(tx))
    products = [getattr(Product, key) for key in PRODUCT_KEYS]
    sizes = [getattr(Sku, key) for key in SIZE_KEYS]
    rows = select(Product.id.label("product_id"), Sku.id.label("sku_id"), *products, *sizes)
    in_order = rows.join(Sku, Sku.product_id == Product.id).order_by(Product.id, Sku.id).limit(PAGE)
    last = (0, 0)
    while found := (await tx.execute(in_order.where(tuple_(Product.id, Sku.id) > last))).mappings().all():
        yield [_cells(row, names) for row in found]
        last = (found[-1]["product_id"], found[-1]["sku_id"])


def _cells(row: Mapping[Any, Any], names: Mapping[int, str]) -> list[str]:
    return [names[row["category_id"]] if each.key == "category" else _cell(row[each.key]) for each in COLUMNS]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


def _write_page(writer: ListWriter, page: list[list[str]]) -> None:
    for cells in page:
        writer.write(cells)

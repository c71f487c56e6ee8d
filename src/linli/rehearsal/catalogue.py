"""The goods of the rehearsed town: categories, suppliers and their terms, entered by the buyer through the API."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from linli.rehearsal.persons import Person


@dataclass(frozen=True, slots=True)
class Good:
    """A sku on the shelf: fen a piece, grams, and its supplier's terms."""

    sku_id: str
    name: str
    other_names: tuple[str, ...]
    spec: str
    unit: str
    category: str
    barcode: str
    price_fen: int
    cost_fen: int
    pack_size: int
    supplier_id: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that can be offered, by whom it is supplied, and what people call it."""

    goods: tuple[Good, ...]
    suppliers: dict[str, str]

    def first(self, count: int) -> tuple[Good, ...]:
        """Return a selection of `count` goods that takes from every category in turn."""
        shelves: dict[str, list[Good]] = {}
        for good in self.goods:
            shelves.setdefault(good.category, []).append(good)
        chosen: list[Good] = []
        while len(chosen) < min(count, len(self.goods)):
            for shelf in shelves.values():
                if shelf and len(chosen) < count:
                    chosen.append(shelf.pop(0))
        return tuple(chosen)


def rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of the rehearsal's own tables; lines that begin with # say where it comes from."""
    text = (files("linli.rehearsal") / "data" / name).read_text(encoding="utf-8")
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


def barcode(number: int) -> str:
    """Return an EAN-13 from the range kept for use inside a shop, so that it is nobody's."""
    digits = f"20{number:010d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{-(odd + 3 * even) % 10}"


async def fill_catalogue(buyer: Person) -> Catalogue:
    """Enter categories, suppliers, products and terms; the buyer's rights are enough."""
    categories = {row["name"]: (await _category(buyer, row))["id"] for row in rows("categories.csv")}
    listed = list(rows("goods.csv"))
    suppliers: dict[str, str] = {}
    for name in dict.fromkeys(row["supplier"] for row in listed):
        supplier = {"name": name, "contact": "", "address": "武汉市东西湖区"}
        suppliers[name] = (await buyer.post("/console/suppliers", supplier))["id"]
    goods = [await _good(buyer, number, row, categories, suppliers) for number, row in enumerate(listed, 1)]
    return Catalogue(tuple(goods), {id: name for name, id in suppliers.items()})


async def _category(buyer: Person, row: dict[str, str]) -> dict[str, str]:
    numbers = ("commission_bp", "quality_window_hours", "order_window_hours")
    body = {"name": row["name"], "storage_class": row["storage_class"], **{name: int(row[name]) for name in numbers}}
    made: dict[str, str] = await buyer.post("/console/categories", body)
    return made


async def _good(
    buyer: Person, number: int, row: dict[str, str], categories: dict[str, str], suppliers: dict[str, str]
) -> Good:
    gross, code = int(row["gross_g"]), barcode(number)
    sku = {
        "spec": row["spec"], "unit": row["unit"], "gross_g": gross, "net_g": gross * 95 // 100,
        "volume_ml": int(row["volume_ml"]), "barcode": code,
    }  # fmt: skip
    body = {
        "category_id": categories[row["category"]],
        "name": row["name"],
        "other_names": row["other_names"],
        "skus": [sku],
    }
    sku_id = (await buyer.post("/console/products", body))["skus"][0]["id"]
    supplier_id = suppliers[row["supplier"]]
    terms = {
        "supplier_id": supplier_id,
        "sku_id": sku_id,
        "price_fen": int(row["cost_fen"]),
        "pack_size": int(row["pack_size"]),
    }
    await buyer.post("/console/supplies", terms)
    return Good(
        sku_id, row["name"], tuple(row["other_names"].split()), row["spec"], row["unit"], row["category"],
        code, int(row["price_fen"]), int(row["cost_fen"]), int(row["pack_size"]), supplier_id,
    )  # fmt: skip

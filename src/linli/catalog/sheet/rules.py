"""Pure reading of goods sheets: heads, cells, and which product and size a row means."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linli.catalog.sheet.model import BY_KEY, COLUMNS, NEEDED, PRODUCT_KEYS, Column, Kind, Known, Planned, Problem, Row

YES, NO = {"是", "y", "yes", "true", "1", "√", "对"}, {"否", "n", "no", "false", "0", "×", "错"}


def places_of(heads: Sequence[str]) -> tuple[dict[str, int], list[Problem]]:
    """Return where each column stands in a sheet and what is wrong with its heads: needed ones missing, one twice."""
    names = {_plain(name): column.key for column in COLUMNS for name in (column.title, column.key, *column.aliases)}
    places: dict[str, int] = {}
    wrong: list[Problem] = []
    for place, head in enumerate(heads):
        key = names.get(_plain(head), "")
        if key and key in places:
            wrong.append(Problem(1, head, "column_twice"))
        elif key:
            places[key] = place
    wrong += [Problem(1, BY_KEY[key].title, "column_missing") for key in NEEDED if key not in places]
    return places, wrong


def read_row(number: int, cells: Sequence[str], places: Mapping[str, int]) -> tuple[Row, list[Problem]]:
    """Return a row's values as the columns say, and what could not be read."""
    values: dict[str, Any] = {}
    empty: set[str] = set()
    wrong: list[Problem] = []
    for key, place in places.items():
        column, cell = BY_KEY[key], cells[place] if place < len(cells) else ""
        if not cell:
            empty.add(key)
            if column.empty is None:
                wrong.append(Problem(number, column.title, "missing"))
            else:
                values[key] = column.empty
            continue
        value, trouble = _READERS[column.kind](cell, column)
        if trouble:
            wrong.append(Problem(number, column.title, trouble, cell[:80]))
        else:
            values[key] = value
    return Row(number, values, frozenset(empty)), wrong


def _text(cell: str, column: Column) -> tuple[Any, str]:
    if not cell.isprintable() and any(unicodedata.category(sign) in ("Cc", "Cs", "Cn") for sign in cell):
        return None, "unprintable"
    return (cell, "") if len(cell) <= column.most else (None, "too_long")


def _whole(cell: str, column: Column) -> tuple[Any, str]:
    bare = unicodedata.normalize("NFKC", cell).replace(",", "").strip()
    bare = bare[:-2] if bare.endswith(".0") else bare
    if not (bare.isascii() and bare.isdigit()) or len(bare) > 12:
        return None, "not_a_whole_number"
    found = int(bare)
    return (found, "") if column.least <= found <= column.most else (None, "out_of_range")


def _barcode(cell: str, column: Column) -> tuple[Any, str]:
    bare = unicodedata.normalize("NFKC", cell).replace(" ", "")
    if "e+" in bare.lower():
        return None, "digits_lost"
    return (bare, "") if bare.isascii() and bare.isdigit() else (None, "barcode_wrong")


def _yes_no(cell: str, column: Column) -> tuple[Any, str]:
    bare = _plain(cell)
    return (bare in YES, "") if bare in YES | NO else (None, "not_yes_or_no")


_READERS: Mapping[Kind, Callable[[str, Column], tuple[Any, str]]] = {
    Kind.TEXT: _text, Kind.WHOLE: _whole, Kind.BARCODE: _barcode, Kind.YES_NO: _yes_no,
}  # fmt: skip


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower().replace(" ", "").replace("*", "")


def names_of(paths: Mapping[int, str]) -> dict[str, int]:
    """Return which category each name or path means; 0 for a name that several categories share."""
    found: dict[str, int] = {}
    for id, path in paths.items():
        name = path.rpartition("/")[2]
        found[name] = 0 if name in found else id
    return found | {path: id for id, path in paths.items()}


def ranges_of(numbers: Iterable[int]) -> tuple[str, ...]:
    """Return ascending row numbers as people write them: 3, 7-12, 40."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number <= spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return tuple(str(first) if first == last else f"{first}-{last}" for first, last in spans)


@dataclass
class Plan:
    """Which product and size each row means, given what the catalogue knows and the good rows before it.

    The same with and without writing: what earlier rows made or changed is remembered here, under ids below 0 when it
    is new. `size_row` and `row_of` tell which row said so.
    """

    products: dict[int, bytes] = field(default_factory=dict)  # row and fields as JSON, a fifth of the memory
    sizes: dict[int, int] = field(default_factory=dict)
    by_code: dict[str, int] = field(default_factory=dict)
    by_name: dict[tuple[int, str], int] = field(default_factory=dict)
    by_barcode: dict[str, int] = field(default_factory=dict)
    by_spec: dict[tuple[int, str], int] = field(default_factory=dict)
    size_row: dict[int, int] = field(default_factory=dict)
    made: int = 0

    def fresh_id(self) -> int:
        """Return an id for something new: -1, -2, -3 and so on."""
        self.made += 1
        return -self.made

    def code_owner(self, known: Known, code: str) -> int | None:
        """Return the product that has a code after the rows so far."""
        stored = known.by_code.get(code)
        return self.by_code.get(code, None if stored in self.products else stored)

    def name_owner(self, known: Known, place: tuple[int, str]) -> int | None:
        """Return the product that has a name in a category after the rows so far."""
        stored = known.by_name.get(place)
        return self.by_name.get(place, None if stored in self.products else stored)

    def barcode_owner(self, known: Known, barcode: str) -> int | None:
        """Return the size that carries a barcode after the rows so far."""
        stored = known.by_barcode.get(barcode)
        return self.by_barcode.get(barcode, None if stored in self.sizes else stored)

    def spec_owner(self, known: Known, place: tuple[int, str]) -> int | None:
        """Return the size that has a spec in a product after the rows so far."""
        stored = known.by_spec.get(place)
        return self.by_spec.get(place, None if stored in self.sizes else stored)

    def product_of(self, known: Known, sku_id: int) -> int:
        """Return the product of a size."""
        return self.sizes[sku_id] if sku_id in self.sizes else int(known.sizes[sku_id]["product_id"])

    def code_of(self, known: Known, product_id: int) -> str:
        """Return the code that a product has after the rows so far."""
        fields = self.fields_of(product_id) if product_id in self.products else known.products[product_id]
        return str(fields["code"])

    def fields_of(self, product_id: int) -> dict[str, Any]:
        """Return the fields that a row gave a product before."""
        return dict(zip(PRODUCT_KEYS, json.loads(self.products[product_id])[1:], strict=True))

    def row_of(self, product_id: int) -> int:
        """Return the number of the row that gave a product its fields."""
        return int(json.loads(self.products[product_id])[0])

    def keep(self, planned: Planned, number: int) -> None:
        """Remember what a good row makes or changes."""
        product_id, sku_id = planned.product_id, planned.sku_id
        if planned.product is not None:
            fields = [number, *(planned.product[key] for key in PRODUCT_KEYS)]
            self.products[product_id] = json.dumps(fields, ensure_ascii=False).encode()
            self.by_name[planned.product["category_id"], planned.product["name"]] = product_id
            if planned.product["code"]:
                self.by_code[planned.product["code"]] = product_id
        size = planned.size
        self.sizes[sku_id] = product_id
        self.size_row[sku_id] = number
        self.by_spec[product_id, sys.intern(size["spec"])] = sku_id
        if size["barcode"]:
            self.by_barcode[size["barcode"]] = sku_id


def product_meant(plan: Plan, known: Known, row: Row, category_id: int) -> tuple[int | None, Problem | None]:
    """Return the product that a row means: by code, else by barcode, else by name in its category; None for a new one.

    A product found by barcode or name takes the row's code only when it has none.
    """
    code, barcode = str(row.values.get("code", "")), str(row.values.get("barcode", ""))
    named = plan.name_owner(known, (category_id, row.values["name"]))
    by_code = plan.code_owner(known, code) if code else None
    sku_id = plan.barcode_owner(known, barcode) if barcode else None
    scanned = None if sku_id is None else plan.product_of(known, sku_id)
    for found, title in ((by_code, "商品编码"), (scanned, "条码"), (named, "商品名称")):
        if found is None:
            continue
        if code and plan.code_of(known, found) not in ("", code):
            return None, Problem(row.number, title, "belongs_to_another", plan.code_of(known, found))
        if scanned is not None and scanned != found:
            return None, Problem(row.number, "条码", "belongs_to_another", barcode)
        if named is not None and named != found:
            return None, Problem(row.number, "商品名称", "belongs_to_another", row.values["name"])
        return found, None
    return None, None


def size_meant(plan: Plan, known: Known, row: Row, product_id: int) -> tuple[int | None, Problem | None]:
    """Return the size of the product that a row means: by barcode, else by spec; None for a new one."""
    barcode, spec = str(row.values.get("barcode", "")), row.values["spec"]
    by_barcode = plan.barcode_owner(known, barcode) if barcode else None
    by_spec = plan.spec_owner(known, (product_id, spec))
    if by_barcode is not None and by_spec not in (None, by_barcode):
        return None, Problem(row.number, "规格", "belongs_to_another", spec)
    found = by_spec if by_barcode is None else by_barcode
    if found is not None and found in plan.size_row:
        return None, Problem(row.number, "规格", "stands_twice", f"第 {plan.size_row[found]} 行")
    return found, None

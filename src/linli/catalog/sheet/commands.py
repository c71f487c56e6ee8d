"""Importing a goods sheet: checked row by row, written thousands at a time, all in one transaction."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg.errors import IntegrityError as Contradicted
from sqlalchemy.exc import IntegrityError

from linli.catalog.category import rules as trees
from linli.catalog.category.model import CategoryValue
from linli.catalog.category.queries import tree
from linli.catalog.product import rules as products
from linli.catalog.product.model import NewSkuValue
from linli.catalog.product.settings import WEIGHING_BAND
from linli.catalog.sheet import rules, store
from linli.catalog.sheet.model import (
    BY_KEY,
    PRODUCT_KEYS,
    SIZE_KEYS,
    ImportReport,
    Known,
    Mode,
    Planned,
    Problem,
    Row,
)
from linli.kernel.refusals import BadInput, Conflict
from linli.platform.database import Tx
from linli.platform.papers import SheetUnreadable, text_rows
from linli.platform.settings import value_of
from linli.platform.words import searchable

BATCH = 1_000
MOST_ROWS = 500_000
DESCRIBED = 1_000
SIZE_FIELDS = tuple(key for key in SIZE_KEYS if key != "active")
COLUMN_OF = {"barcode_wrong": "barcode", "net_above_gross": "net_g", "band_without_estimate": "estimate_g"}

Batch = list[tuple[Row, list[Problem]]]


class GoodsSheetUnreadable(BadInput):
    """The file is neither Excel nor CSV, is broken, or holds too much; facts: reason."""

    title = "文件无法读取"


class GoodsHeadsWrong(BadInput):
    """The heads of the sheet lack a column that is needed, or name one twice; facts: problems."""

    title = "表头有误"


class GoodsRowsBad(BadInput):
    """Some rows are bad, so that nothing was changed; facts: rows, bad, bad_rows, problems."""

    title = "表格有误，未做任何更改"


class CatalogueChangedMeanwhile(Conflict):
    """Somebody changed the same goods while they were imported; nothing was changed, the import may be run again."""

    title = "商品同时被他人修改，请重新导入"


@dataclass
class _Import:
    """An import on its way: what the catalogue says, what the rows so far mean, and what was wrong with them."""

    categories: dict[int, CategoryValue]
    names: dict[str, int]
    band_bp: int
    plan: rules.Plan = field(default_factory=rules.Plan)
    real: array[int] = field(default_factory=lambda: array("q"))  # of the plan's ids -1, -2, -3 and so on
    rows: int = 0
    bad_rows: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def id_of(self, planned: int) -> int:
        """Return the id under which something planned is kept."""
        return planned if planned > 0 else self.real[-planned - 1]

    def refuse(self, row: int, problems: list[Problem]) -> None:
        """Note what is wrong with a row."""
        self.bad_rows.append(row)
        self.problems += problems[: max(0, DESCRIBED - len(self.problems))]

    def report(self, *, written: bool) -> ImportReport:
        """Return what was found and done so far."""
        products_new, skus_new = (sum(id < 0 for id in of) for of in (self.plan.products, self.plan.sizes))
        return ImportReport(
            rows=self.rows,
            good=self.rows - len(self.bad_rows),
            bad=len(self.bad_rows),
            products_new=products_new,
            products_known=len(self.plan.products) - products_new,
            skus_new=skus_new,
            skus_known=len(self.plan.sizes) - skus_new,
            bad_rows=rules.ranges_of(self.bad_rows),
            problems=tuple(self.problems),
            written=written,
        )


async def import_goods(
    tx: Tx, *, raw: bytes, mode: str = Mode.CHECK, tell: Callable[[int], None] = lambda rows: None
) -> ImportReport:
    """Put the rows of an Excel or CSV file into the catalogue: products are known by code, barcode or name, sizes by
    barcode or spec; what is known is changed, what is not is made, what has no row stays.

    `tell` hears how many rows were read so far. Bad rows are reported by number; unless they are to be skipped nothing
    is changed when there is one.

    Refuses GoodsSheetUnreadable, GoodsHeadsWrong, GoodsRowsBad and CatalogueChangedMeanwhile.
    """
    if mode != Mode.CHECK:
        await store.alone(tx)
    found = await tree(tx)
    names = rules.names_of(trees.paths(found))
    job = _Import(found, names, await value_of(tx, WEIGHING_BAND))
    batches = _batches(raw)
    while batch := await asyncio.to_thread(_next, batches):
        await _take(tx, job, batch, write=mode == Mode.SKIP_BAD or (mode == Mode.ALL and not job.bad_rows))
        tell(job.rows)
    report = job.report(written=mode != Mode.CHECK and job.rows > len(job.bad_rows))
    if mode == Mode.ALL and job.bad_rows:
        facts = {name: getattr(report, name) for name in ("rows", "bad", "bad_rows")}
        raise GoodsRowsBad("nothing was changed", **facts, problems=[vars(each) for each in report.problems])
    return report


def _batches(raw: bytes) -> Iterator[Batch]:
    """Yield the rows under the heads, blank ones left out; refuses GoodsSheetUnreadable and GoodsHeadsWrong."""
    places: dict[str, int] = {}
    batch: Batch = []
    try:
        for number, cells in text_rows(raw):
            if not any(cells):
                continue
            if not places:
                places, wrong = rules.places_of(cells)
                if wrong:
                    raise GoodsHeadsWrong("the heads are wrong", problems=[vars(each) for each in wrong])
                continue
            if number > MOST_ROWS:
                raise SheetUnreadable(f"more than {MOST_ROWS:,} rows")
            batch.append(rules.read_row(number, cells, places))
            if len(batch) == BATCH:
                yield batch
                batch = []
    except SheetUnreadable as trouble:
        raise GoodsSheetUnreadable(trouble.detail, reason=trouble.detail) from trouble
    if not places:
        raise GoodsSheetUnreadable("the file is empty", reason="the file is empty")
    if batch:
        yield batch


def _next(batches: Iterator[Batch]) -> Batch | None:
    return next(batches, None)


async def _take(tx: Tx, job: _Import, batch: Batch, *, write: bool) -> None:
    """Plan the rows of a batch, and write what is good when it is to be written."""
    readable = [row for row, wrong in batch if not wrong]
    named = {(job.names.get(row.values["category"], 0), row.values["name"]) for row in readable}
    known = await store.known(
        tx,
        codes={row.values["code"] for row in readable if row.values.get("code")},
        names=sorted(named),
        barcodes={row.values["barcode"] for row in readable if row.values.get("barcode")},
    )
    planned: list[Planned] = []
    for row, unreadable in batch:
        job.rows += 1
        good, wrong = (None, unreadable) if unreadable else _plan(job, known, row)
        if good is None:
            job.refuse(row.number, wrong)
        else:
            planned.append(good)
    if write and planned:
        await _write(tx, job, planned)


def _plan(job: _Import, known: Known, row: Row) -> tuple[Planned | None, list[Problem]]:
    """Return what a readable row comes to, or what is wrong with it; good rows are remembered."""
    category_id = job.names.get(row.values["category"])
    if not category_id:
        code = "category_unknown" if category_id is None else "category_ambiguous"
        return None, [Problem(row.number, BY_KEY["category"].title, code, row.values["category"])]
    product_id, trouble = rules.product_meant(job.plan, known, row, category_id)
    if trouble:
        return None, [trouble]
    product, wrong = _product(job, known, row, category_id, product_id)
    sku_id, trouble = (None, None) if product_id is None else rules.size_meant(job.plan, known, row, product_id)
    if trouble:
        wrong.append(trouble)
    size, of_size = _size(job, known, row, sku_id)
    wrong += of_size
    required = job.categories[category_id].required_fields
    for name in products.missing_fields(required, product, [size]):
        wrong.append(Problem(row.number, BY_KEY[name].title, "required_by_category"))
    if wrong:
        return None, wrong
    first = product_id is None or product_id not in job.plan.products
    planned = Planned(
        job.plan.fresh_id() if product_id is None else product_id,
        job.plan.fresh_id() if sku_id is None else sku_id,
        product if first else None,
        {**{key: getattr(size, key) for key in SIZE_FIELDS}, "active": _active(known, row, sku_id)},
    )
    job.plan.keep(planned, row.number)
    return planned, []


def _product(
    job: _Import, known: Known, row: Row, category_id: int, product_id: int | None
) -> tuple[dict[str, Any], list[Problem]]:
    """Return a product's fields whole; what a second row leaves empty stands in the first, and must not differ."""
    given = {**row.values, "category_id": category_id}
    if product_id is not None and product_id in job.plan.products:
        before = job.plan.fields_of(product_id)
        said = [key for key in PRODUCT_KEYS if key in given and key not in row.empty]
        at = f"第 {job.plan.row_of(product_id)} 行"
        titles = {key: BY_KEY["category" if key == "category_id" else key].title for key in PRODUCT_KEYS}
        differ = [Problem(row.number, titles[key], "contradicts_row", at) for key in said if given[key] != before[key]]
        return before, differ
    stored: Mapping[str, Any] = known.products[product_id] if product_id is not None else {}
    defaults = {key: BY_KEY[key].empty for key in PRODUCT_KEYS if key in BY_KEY}
    product = {key: given.get(key, stored.get(key, defaults.get(key))) for key in PRODUCT_KEYS}
    product["code"] = product["code"] or stored.get("code", "")
    return product, []


def _size(job: _Import, known: Known, row: Row, sku_id: int | None) -> tuple[NewSkuValue, list[Problem]]:
    """Return a size's fields whole, with estimate and band; a barcode that is known is not taken away by an empty
    cell."""
    stored: Mapping[str, Any] = known.sizes.get(sku_id or 0, {})
    fields = {key: row.values.get(key, stored.get(key, BY_KEY[key].empty)) for key in SIZE_FIELDS}
    fields["barcode"] = fields["barcode"] or stored.get("barcode", "")
    size = products.weighed_out(NewSkuValue(**fields), job.band_bp)
    trouble = products.size_trouble(size)
    if not trouble:
        return size, []
    column = BY_KEY[COLUMN_OF[trouble]]
    return size, [Problem(row.number, column.title, trouble, str(fields[column.key]))]


def _active(known: Known, row: Row, sku_id: int | None) -> bool:
    stored = known.sizes.get(sku_id or 0, {}).get("active", True)
    return bool(row.values.get("active", stored))


async def _write(tx: Tx, job: _Import, planned: list[Planned]) -> None:
    """Write planned rows under real ids; refuses CatalogueChangedMeanwhile."""
    if unknown := job.plan.made - len(job.real):
        job.real.extend(await tx.new_ids(unknown))
    goods = await asyncio.to_thread(_product_rows, job, planned)
    sizes = [{**each.size, "id": job.id_of(each.sku_id), "product_id": job.id_of(each.product_id)} for each in planned]
    try:
        await store.write_products(tx, goods)
        await store.write_sizes(tx, sizes)
    except (IntegrityError, Contradicted) as trouble:
        raise CatalogueChangedMeanwhile("run the import again") from trouble


def _product_rows(job: _Import, planned: list[Planned]) -> list[dict[str, Any]]:
    rows = []
    for each in planned:
        if each.product is None:
            continue
        found = searchable(each.product["name"], f"{each.product['other_names']} {each.product['code']}")
        search = {"tokens": found.tokens, "pinyin": found.pinyin, "initials": found.initials}
        days = each.product["shelf_life_days"] or None
        rows.append({**each.product, **search, "shelf_life_days": days, "id": job.id_of(each.product_id)})
    return rows

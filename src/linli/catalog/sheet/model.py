"""The columns of a goods sheet, one row as it was read, and what an import reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

LARGEST_NUMBER = 1_000_000


class Kind(StrEnum):
    """How the cells of a column are read."""

    TEXT = "text"
    WHOLE = "whole"
    BARCODE = "barcode"
    YES_NO = "yes_no"


class Mode(StrEnum):
    """What an import may do: nothing but check, all rows or none, or the good rows only."""

    CHECK = "check"
    ALL = "all"
    SKIP_BAD = "skip_bad"


@dataclass(frozen=True)
class Column:
    """A column: its key, Chinese head, other heads it is known by, how it is read and what may stand in it.

    `empty` is what an empty cell means; None: the cell must be filled.
    """

    key: str
    title: str
    aliases: tuple[str, ...] = ()
    kind: Kind = Kind.TEXT
    empty: Any = ""
    least: int = 0
    most: int = 500
    width: int = 12
    note: str = ""


_GRAMS = {"kind": Kind.WHOLE, "empty": 0, "most": LARGEST_NUMBER}

COLUMNS: tuple[Column, ...] = (
    Column("code", "商品编码", ("product_code", "code", "编码"), most=64, note="有编码的按编码更新"),
    Column("category", "品类", ("category", "类别"), empty=None, width=18, note="必填；可写全路径，如 食品/水果"),
    Column("name", "商品名称", ("name", "product", "品名", "名称"), empty=None, most=120, width=24, note="必填"),
    Column("other_names", "别名", ("other_names", "aliases"), width=16, note="只用于搜索"),
    Column("origin", "产地", ("origin",)),
    Column("grade", "等级", ("grade",)),
    Column(
        "shelf_life_days", "保质期(天)", ("shelf_life_days", "保质期"), Kind.WHOLE, empty=0, most=3_650, note="整数天"
    ),
    Column("quality_standard", "质量标准", ("quality_standard",), width=20),
    Column("share_copy", "分享文案", ("share_copy",), width=24),
    Column("spec", "规格", ("spec", "size"), empty=None, most=120, note="必填；同一商品每个规格一行"),
    Column("unit", "单位", ("unit",), empty="份", most=120, width=8),
    Column("barcode", "条码", ("barcode", "ean", "条形码"), Kind.BARCODE, width=16, note="8、12、13 位，文本格式"),
    Column("net_g", "净重(克)", ("net_g", "净重"), **_GRAMS),  # type: ignore[arg-type]
    Column(
        "gross_g", "毛重(克)", ("gross_g", "毛重"), Kind.WHOLE, empty=None, least=1, most=LARGEST_NUMBER, note="必填"
    ),
    Column("volume_ml", "体积(毫升)", ("volume_ml", "体积"), Kind.WHOLE, empty=0, most=9_999_999),
    Column("pack_size", "箱规", ("pack_size",), Kind.WHOLE, empty=1, least=1, most=100_000, note="每箱件数"),
    Column("weighed", "称重", ("weighed",), Kind.YES_NO, empty=False, width=8, note="是 或 否"),
    Column("estimate_g", "估重(克)", ("estimate_g", "估重"), **_GRAMS),  # type: ignore[arg-type]
    Column("least_g", "最轻(克)", ("least_g", "最轻"), **_GRAMS),  # type: ignore[arg-type]
    Column("most_g", "最重(克)", ("most_g", "最重"), **_GRAMS),  # type: ignore[arg-type]
    Column("active", "可售", ("active",), Kind.YES_NO, empty=True, width=8, note="是 或 否"),
)
BY_KEY: Mapping[str, Column] = {column.key: column for column in COLUMNS}
NEEDED = tuple(column.key for column in COLUMNS if column.empty is None)
PRODUCT_KEYS = (
    "code", "category_id", "name", "other_names", "origin", "grade", "shelf_life_days", "quality_standard",
    "share_copy",
)  # fmt: skip
SIZE_KEYS = (
    "spec", "unit", "barcode", "net_g", "gross_g", "volume_ml", "pack_size", "weighed", "estimate_g", "least_g",
    "most_g", "active",
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Why a row is refused: its number as Excel counts, the head of the column, a stable code and what was found."""

    row: int
    column: str
    code: str
    found: str = ""


@dataclass(frozen=True)
class Row:
    """A row as it was read: its number, the value of each column the file has, and the keys of empty cells."""

    number: int
    values: dict[str, Any]
    empty: frozenset[str] = frozenset()


@dataclass
class Known:
    """What the catalogue holds of the goods that some rows may mean: products and sizes by id, with their owners."""

    products: dict[int, dict[str, Any]] = field(default_factory=dict)
    sizes: dict[int, dict[str, Any]] = field(default_factory=dict)
    by_code: dict[str, int] = field(default_factory=dict)
    by_name: dict[tuple[int, str], int] = field(default_factory=dict)
    by_barcode: dict[str, int] = field(default_factory=dict)
    by_spec: dict[tuple[int, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """What a good row comes to: the product's and the size's fields whole; ids below 0 are new."""

    product_id: int
    sku_id: int
    product: dict[str, Any] | None
    size: dict[str, Any]


@dataclass(frozen=True)
class ImportReport:
    """What an import found and did; `bad_rows` names every bad row, `problems` describes the first thousand.

    `written` is False when nothing was changed.
    """

    rows: int
    good: int
    bad: int
    products_new: int
    products_known: int
    skus_new: int
    skus_known: int
    bad_rows: tuple[str, ...]
    problems: tuple[Problem, ...]
    written: bool

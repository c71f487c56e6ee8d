"""The catalogue of tables: kinds, keys and foreign keys that are valid on one PostgreSQL and on a cluster of many."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import DOMAIN, ExcludeConstraint

from .rooms import FLOOR_OF, may_ask

KINDS = frozenset({"region", "reference", "global", "local"})
FOREIGN = {
    "region": {"region", "reference"},
    "reference": {"reference"},
    "global": {"global", "reference"},
    "local": {"local"},
}
WHOLE = re.compile(r"_(?:fen|grams|bp)$")
MACHINE_ASKED = re.compile(r"\bnow\(|current_|clock_timestamp|random|nextval|gen_random_uuid", re.IGNORECASE)
WAIVER = "not_region_first"  # Index(..., info={"not_region_first": "why a search over all regions is meant"})


def check_catalogue(metadata: MetaData) -> list[str]:
    """Refuse tables whose place, kind, keys, columns or foreign keys would not survive being distributed by region."""
    wrong = []
    for table in metadata.sorted_tables if not _ringed(metadata) else metadata.tables.values():
        wrong += [f"{table.fullname}: {words}" for words in _of_table(table)]
    return wrong


def check_homes(rows: Iterable[type[Any]], package: str = "linli") -> list[str]:
    """Refuse mapped rows that live in another schema than the room whose records declare them."""
    wrong = []
    for row in rows:
        parts = row.__module__.split(".")
        schema = getattr(row, "__table__").schema  # noqa: B009
        if parts[0] == package and len(parts) > 1 and schema != parts[1]:
            wrong.append(
                f"{row.__module__}.{row.__name__}: lives in schema {schema}; a room's tables live in schema {parts[1]}"
            )
    return wrong


def _ringed(metadata: MetaData) -> bool:
    return any(key.use_alter for table in metadata.tables.values() for key in table.foreign_key_constraints)


def _of_table(table: Table) -> Iterator[str]:
    kind = table.info.get("kind")
    if table.schema not in FLOOR_OF:
        yield f"schema {table.schema} is no room; a table lives in the schema of its room"
    if kind not in KINDS:
        yield f"kind {kind!r} is not one of {', '.join(sorted(KINDS))}; declare it in the table's info"
        return
    yield from _columns(table)
    if kind == "region":
        yield from _region_first(table)
    yield from _partitioned(table, str(kind))
    for key in table.foreign_key_constraints:
        yield from _foreign_key(table, key, str(kind))
    for constraint in table.constraints:
        if isinstance(constraint, ExcludeConstraint):
            yield f"exclusion constraint {constraint.name}; a cluster has none, use a unique key or a locked row"


def _columns(table: Table) -> Iterator[str]:
    if not table.primary_key.columns:
        yield "has no primary key"
    if table.autoincrement_column is not None:
        yield f"{table.autoincrement_column.name} counts by itself; the application makes ids (autoincrement=False)"
    for column in table.columns:
        if column.identity is not None or (column.default is not None and column.default.is_sequence):
            yield f"{column.name} counts by itself; ids are made by the application"
        if WHOLE.search(column.name) and (not isinstance(column.type, Integer) or isinstance(column.type, Float)):
            yield f"{column.name} is {column.type}; fen, grams and basis points are whole numbers"
        if isinstance(column.type, Float | Numeric) and not WHOLE.search(column.name):
            yield f"{column.name} is {column.type}; keep whole numbers of a small unit"
        if isinstance(column.type, DateTime) and not column.type.timezone:
            yield f"{column.name} has no time zone; instants are DateTime(timezone=True)"
        asked = str(getattr(column.server_default, "arg", ""))
        if MACHINE_ASKED.search(asked):
            yield f"{column.name} is filled by the server ({asked}); times, chances and ids are parameters"


def _region_first(table: Table) -> Iterator[str]:
    region = table.columns.get("region_id")
    if region is None:
        yield "is of kind region and has no region_id"
        return
    if (
        region.nullable
        or not isinstance(region.type, Integer)
        or isinstance(region.type, DOMAIN)
        or region.onupdate is not None
    ):
        yield "region_id must be a plain integer, not null and never updated"
    if _first(table.primary_key.columns) != "region_id":
        yield f"region_id is not first in the primary key ({_names(table.primary_key.columns)})"
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and _first(constraint.columns) != "region_id":
            yield f"region_id is not first in the unique key ({_names(constraint.columns)})"
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        if _first_of_index(index) != "region_id" and (index.unique or not _waived(index)):
            words = f"region_id is not first in the index {index.name or ''} ({_names(index.columns)})"
            yield f"{words}; put it first, or give a plain index info={{'{WAIVER}': 'why'}}"


def _partitioned(table: Table, kind: str) -> Iterator[str]:
    by = table.dialect_options["postgresql"]["partition_by"]
    if not by:
        if table.info.get("daily"):
            yield "is called daily and not partitioned by biz_date"
        return
    if str(by).replace(" ", "").upper() != "RANGE(BIZ_DATE)":
        yield f"is partitioned by {by}; daily facts are partitioned by RANGE (biz_date), one level"
    if kind != "region":
        yield f"is partitioned and of kind {kind}; only region tables are daily"
    if [column.name for column in table.primary_key.columns][:2] != ["region_id", "biz_date"]:
        yield f"is partitioned; its key starts with region_id, biz_date, not ({_names(table.primary_key.columns)})"
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and "biz_date" not in constraint.columns:
            yield f"is partitioned; the unique key ({_names(constraint.columns)}) must hold biz_date"
    for index in table.indexes:
        if index.unique and "biz_date" not in index.columns:
            yield f"is partitioned; the unique index ({_names(index.columns)}) must hold biz_date"


def _foreign_key(table: Table, key: ForeignKeyConstraint, kind: str) -> Iterator[str]:
    target = key.referred_table
    target_kind = str(target.info.get("kind"))
    way = f"foreign key ({', '.join(key.column_keys)}) → {target.fullname}"
    for partitioned in (table, target):
        if partitioned.dialect_options["postgresql"]["partition_by"]:
            yield f"{way}: {partitioned.fullname} is partitioned; daily facts have no foreign keys"
    if target_kind not in FOREIGN[kind]:
        allowed = " or ".join(sorted(FOREIGN[kind]))
        yield f"{way}: a {kind} table points at a {target_kind} table; it may point at {allowed}"
    if kind == target_kind == "region":
        ends = (key.elements[0].parent.name, key.elements[0].column.name)
        if ends != ("region_id", "region_id"):
            yield f"{way}: region_id → region_id must come first"
    if table.schema in FLOOR_OF and target.schema in FLOOR_OF and not may_ask(str(table.schema), str(target.schema)):
        yield f"{way}: {table.schema} does not come after {target.schema}; foreign keys point the way imports do"


def _first(columns: Iterable[Column[Any]]) -> str:
    return next((column.name for column in columns), "")


def _first_of_index(index: Index) -> str:
    first = next(iter(index.expressions), None)
    return str(getattr(first, "name", ""))


def _waived(index: Index) -> bool:
    return bool(str(index.info.get(WAIVER, "")).strip())


def _names(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(column.name for column in columns)

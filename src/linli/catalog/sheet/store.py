"""What an import reads and writes, thousands of rows in a statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from linli.catalog.sheet.model import PRODUCT_KEYS, SIZE_KEYS, Known
from linli.platform.database import Tx

ONE_AT_A_TIME = 0x6C696E6C69  # two imports at once would only wait for each other's rows

NOTHING, MADE_AT = "CAST('[]' AS jsonb)", "CAST(:made_at AS timestamptz)"
_WHICH = (
    "SELECT id FROM catalog.products WHERE code <> '' AND code = ANY(:codes) "
    "UNION SELECT p.id FROM catalog.products p "
    "JOIN unnest(CAST(:categories AS bigint[]), CAST(:names AS text[])) AS w(category_id, name) "
    "ON (p.category_id, p.name) = (w.category_id, w.name) "
    "UNION SELECT product_id FROM catalog.skus WHERE barcode <> '' AND barcode = ANY(:barcodes)"
)
_PRODUCTS = text(
    "SELECT id, code, category_id, name, other_names, origin, grade, coalesce(shelf_life_days, 0) AS shelf_life_days, "
    "quality_standard, share_copy FROM catalog.products WHERE id = ANY(:ids)"
)
_SIZES = text(
    "SELECT id, product_id, spec, unit, barcode, net_g, gross_g, volume_ml, pack_size, weighed, estimate_g, least_g, "
    "most_g, active FROM catalog.skus WHERE product_id = ANY(:ids)"
)
_PRODUCT_TYPES = {
    "id": "bigint", "code": "text", "category_id": "bigint", "name": "text", "other_names": "text", "origin": "text",
    "grade": "text", "shelf_life_days": "int", "quality_standard": "text", "share_copy": "text", "pinyin": "text",
    "initials": "text", "tokens": "text",
}  # fmt: skip
_SIZE_TYPES = {
    "id": "bigint", "product_id": "bigint", "spec": "text", "unit": "text", "barcode": "text", "net_g": "bigint",
    "gross_g": "bigint", "volume_ml": "int", "pack_size": "int", "weighed": "boolean", "estimate_g": "bigint",
    "least_g": "bigint", "most_g": "bigint", "active": "boolean",
}  # fmt: skip


def _upsert(table: str, types: Mapping[str, str], compared: Sequence[str], constants: Mapping[str, str]) -> str:
    """Return the statement that writes rows given as one array a column, and leaves alone what is the same already."""
    names = ", ".join(types)
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in types.items())
    values = ", ".join("CAST(v.tokens AS tsvector)" if name == "tokens" else f"v.{name}" for name in types)
    changed = [name for name in types if name not in ("id", "product_id")]
    sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
    old, new = (", ".join(f"{side}.{name}" for name in compared) for side in ("t", "excluded"))
    return (
        f"INSERT INTO catalog.{table} AS t ({names}, {', '.join(constants)}) "
        f"SELECT {values}, {', '.join(constants.values())} FROM unnest({arrays}) AS v({names}) "
        f"ON CONFLICT (id) DO UPDATE SET {sets} WHERE ({old}) IS DISTINCT FROM ({new})"
    )


_WRITE_PRODUCTS = text(
    _upsert(
        "products",
        _PRODUCT_TYPES,
        [*PRODUCT_KEYS, "pinyin"],
        {
            "pictures": "CAST('[]' AS jsonb)",
            "videos": "CAST('[]' AS jsonb)",
            "made_at": "CAST(:made_at AS timestamptz)",
        },
    )
)
_WRITE_SIZES = text(
    _upsert(
        "skus",
        _SIZE_TYPES,
        SIZE_KEYS,
        {"spec_values": "CAST('{}' AS jsonb)", "made_at": MADE_AT},
    )
)


async def alone(tx: Tx) -> None:
    """Wait until no other import writes, and let none write until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})


async def known(tx: Tx, *, codes: Iterable[str], names: Sequence[tuple[int, str]], barcodes: Iterable[str]) -> Known:
    """Return the products that have one of these codes, names in a category or barcodes, with all their sizes."""
    wanted = {
        "codes": list(codes),
        "categories": [category_id for category_id, _ in names],
        "names": [name for _, name in names],
        "barcodes": list(barcodes),
    }
    ids = {"ids": [row[0] for row in await tx.execute(text(_WHICH), wanted)]}
    found = Known()
    if not ids["ids"]:
        return found
    for row in (await tx.execute(_PRODUCTS, ids)).mappings():
        found.products[row["id"]] = dict(row)
        found.by_name[row["category_id"], row["name"]] = row["id"]
        if row["code"]:
            found.by_code[row["code"]] = row["id"]
    for row in (await tx.execute(_SIZES, ids)).mappings():
        found.sizes[row["id"]] = dict(row)
        found.by_spec[row["product_id"], row["spec"]] = row["id"]
        if row["barcode"]:
            found.by_barcode[row["barcode"]] = row["id"]
    return found


async def write_products(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or change products by id; those without a change are left alone."""
    await _write(tx, _WRITE_PRODUCTS, _PRODUCT_TYPES, rows)


async def write_sizes(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or change sizes by id; those without a change are left alone."""
    await _write(tx, _WRITE_SIZES, _SIZE_TYPES, rows)


async def _write(tx: Tx, statement: Any, types: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        arrays = {name: [row[name] for row in rows] for name in types}
        await tx.execute(statement, {**arrays, "made_at": tx.now})

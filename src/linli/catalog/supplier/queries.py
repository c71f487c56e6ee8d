"""Reading suppliers and the terms in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from linli.catalog.supplier import rules
from linli.catalog.supplier.model import SupplierValue, SupplyValue
from linli.catalog.supplier.records import Supplier, Supply
from linli.kernel.refusals import NotFound
from linli.platform.database import Tx


class NoSuchSupplier(NotFound):
    """There is no supplier with this id."""

    title = "没有这个供应商"


async def suppliers(tx: Tx, ids: Iterable[int]) -> dict[int, SupplierValue]:
    """Return the suppliers of these ids, in one query; unknown ids are left out."""
    found = await tx.all(select(Supplier).where(Supplier.id.in_(set(ids))))
    return {row.id: _value(row) for row in found}


async def supplier(tx: Tx, supplier_id: int) -> SupplierValue:
    """Return one supplier; refuses NoSuchSupplier."""
    found = await suppliers(tx, [supplier_id])
    if supplier_id not in found:
        raise NoSuchSupplier(f"no supplier {supplier_id}", supplier_id=supplier_id)
    return found[supplier_id]


async def all_suppliers(tx: Tx, *, search: str = "", after: int = 0, limit: int = 50) -> list[SupplierValue]:
    """Return a page of suppliers whose name holds `search`."""
    page = select(Supplier).where(Supplier.id > after)
    if search:
        page = page.where(func.strpos(func.lower(Supplier.name), search.lower()) > 0)
    return [_value(row) for row in await tx.all(page.order_by(Supplier.id).limit(limit))]


async def supplies(tx: Tx, sku_ids: Iterable[int], at: datetime) -> list[SupplyValue]:
    """Return the terms in force at an instant for these skus, one per supplier and sku, withdrawn ones too."""
    newest = (
        select(Supply, Supplier.name, Supplier.active)
        .join(Supplier, Supplier.id == Supply.supplier_id)
        .where(Supply.sku_id.in_(set(sku_ids)), Supply.valid_from <= at)
        .ext(distinct_on(Supply.sku_id, Supply.supplier_id))
        .order_by(Supply.sku_id, Supply.supplier_id, Supply.valid_from.desc())
    )
    return [_terms(*row) for row in await tx.rows(newest)]


async def best_supply(tx: Tx, sku_ids: Iterable[int], at: datetime) -> dict[int, SupplyValue]:
    """Return for each sku the cheapest available supply at an instant; a sku that nobody supplies is left out."""
    return rules.best(await supplies(tx, sku_ids, at))


def _value(row: Supplier) -> SupplierValue:
    return SupplierValue(row.id, row.name, row.contact, row.address, row.active)


def _terms(row: Supply, name: str, active: bool) -> SupplyValue:
    return SupplyValue(
        row.supplier_id,
        name,
        row.sku_id,
        row.price_fen,
        row.pack_size,
        row.minimum_packs,
        row.capacity_per_day,
        row.valid_from,
        row.available and active,
    )

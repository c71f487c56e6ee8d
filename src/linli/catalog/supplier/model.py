"""Suppliers and their prices as other rooms know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SupplierValue:
    """A supplier; an inactive one gets no new offers."""

    id: int
    name: str
    contact: str
    address: str
    active: bool


@dataclass(frozen=True)
class SupplyValue:
    """A supplier's terms for a sku: fen a piece, pieces in a pack, least packs of a purchase, most pieces a day."""

    supplier_id: int
    supplier_name: str
    sku_id: int
    price_fen: int
    pack_size: int
    minimum_packs: int
    capacity_per_day: int | None
    valid_from: datetime
    available: bool

"""What other rooms know of a sku, and the fields of a product that its category may require."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SkuValue:
    """One size of a product and what its category says: grams, ml, basis points, windows in hours."""

    id: int
    product_id: int
    product_name: str
    spec: str
    unit: str
    barcode: str
    net_g: int
    gross_g: int
    volume_ml: int
    weighed: bool
    active: bool
    category_id: int
    category_name: str
    storage_class: str
    commission_bp: int
    quality_window_hours: int
    order_window_hours: int
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class NewSkuValue:
    """A size to be made: net 0 means unknown; weighed goods are sold by estimate and settled by actual weight."""

    spec: str
    unit: str
    gross_g: int
    net_g: int = 0
    volume_ml: int = 0
    barcode: str = ""
    weighed: bool = False


@dataclass(frozen=True)
class ProductValue:
    """A product with its sizes, as the console shows it."""

    id: int
    category_id: int
    name: str
    other_names: str
    origin: str
    grade: str
    shelf_life_days: int | None
    quality_standard: str
    share_copy: str
    pictures: tuple[str, ...]
    skus: tuple[SkuValue, ...]

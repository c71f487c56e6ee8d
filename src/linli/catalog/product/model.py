"""What other rooms know of a sku, and the fields of a product that its category may require."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class SkuValue:
    """One size of a product and what its category says: grams, ml, basis points, windows in hours.

    Weighed goods 称重 are sold by `estimate_g` and settled by actual weight, believed between `least_g` and `most_g`;
    all three are 0 for other goods. `pack_size` is how many pieces stand in a box.
    """

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
    pack_size: int = 1
    estimate_g: int = 0
    least_g: int = 0
    most_g: int = 0
    spec_values: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class NewSkuValue:
    """A size to be made: net 0 means unknown; what is left 0 of a weighed size is worked out from its weight."""

    spec: str
    unit: str
    gross_g: int
    net_g: int = 0
    volume_ml: int = 0
    barcode: str = ""
    weighed: bool = False
    pack_size: int = 1
    estimate_g: int = 0
    least_g: int = 0
    most_g: int = 0
    spec_values: Mapping[str, str] = field(default_factory=dict, hash=False)


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
    code: str = ""
    videos: tuple[str, ...] = ()


@dataclass(frozen=True)
class LicenceValue:
    """A licence 资质 of a product: what it is, its number, the last day it holds, and a picture of it."""

    id: int
    product_id: int
    kind: str
    number: str
    valid_until: date
    picture: str
    withdrawn: bool

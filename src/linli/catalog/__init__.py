"""The catalog room: categories, products, skus and who supplies them; reference data of every region."""

from linli.catalog.category.commands import CategoryNameTaken, add_category
from linli.catalog.category.model import CategoryValue, StorageClass
from linli.catalog.category.queries import NoSuchCategory, categories, category
from linli.catalog.product.commands import (
    BarcodeTaken,
    ProductNameTaken,
    RequiredFieldsMissing,
    SizesContradict,
    add_product,
    set_sku_active,
)
from linli.catalog.product.model import NewSkuValue, ProductValue, SkuValue
from linli.catalog.product.queries import (
    NoSuchProduct,
    NoSuchSku,
    product,
    products,
    reasons_not_to_sell,
    sku,
    sku_by_barcode,
    skus,
)
from linli.catalog.selection.commands import add_reference_price
from linli.catalog.selection.queries import struck_price_proof
from linli.catalog.sheet.commands import import_goods
from linli.catalog.sheet.queries import write_goods
from linli.catalog.supplier.commands import SupplierNameTaken, add_supplier, add_supply, set_supplier_active
from linli.catalog.supplier.model import SupplierValue, SupplyValue
from linli.catalog.supplier.queries import NoSuchSupplier, all_suppliers, best_supply, supplier, suppliers, supplies

__all__ = [
    "BarcodeTaken",
    "CategoryNameTaken",
    "CategoryValue",
    "NewSkuValue",
    "NoSuchCategory",
    "NoSuchProduct",
    "NoSuchSku",
    "NoSuchSupplier",
    "ProductNameTaken",
    "ProductValue",
    "RequiredFieldsMissing",
    "SizesContradict",
    "SkuValue",
    "StorageClass",
    "SupplierNameTaken",
    "SupplierValue",
    "SupplyValue",
    "add_category",
    "add_product",
    "add_reference_price",
    "add_supplier",
    "add_supply",
    "all_suppliers",
    "best_supply",
    "categories",
    "category",
    "import_goods",
    "product",
    "products",
    "reasons_not_to_sell",
    "set_sku_active",
    "set_supplier_active",
    "sku",
    "sku_by_barcode",
    "skus",
    "struck_price_proof",
    "supplier",
    "suppliers",
    "supplies",
    "write_goods",
]

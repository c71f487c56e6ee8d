"""The supply room: what was ordered is bought at night, from stock and from suppliers, step by step and once."""

from linli.supply.demand.events import DemandFrozen
from linli.supply.demand.queries import demand, demand_by_sku, demand_is_whole
from linli.supply.night.commands import plan_night, take_step
from linli.supply.night.events import PurchaseOrdersOut, RunNight
from linli.supply.night.model import Forecast, NightValue, Step
from linli.supply.night.queries import night_of, nights, steps_lately
from linli.supply.night.rules import forecast, pace, size
from linli.supply.purchase.commands import lock_arriving, note_arrivals, note_received
from linli.supply.purchase.events import PurchaseOrderSent, PurchaseOrdersMade
from linli.supply.purchase.model import PurchaseLineValue, PurchaseOrderValue, SupplierResult
from linli.supply.purchase.queries import (
    NoSuchPurchaseOrder,
    balance_of_cycle,
    goods_of_cycle,
    purchase_order,
    purchase_orders,
    supplier_results,
)
from linli.supply.stock.commands import move_stock, set_aside
from linli.supply.stock.model import MovementKind, StockMove
from linli.supply.stock.queries import free_stock, stock_differences

__all__ = [
    "DemandFrozen",
    "Forecast",
    "MovementKind",
    "NightValue",
    "NoSuchPurchaseOrder",
    "PurchaseLineValue",
    "PurchaseOrderSent",
    "PurchaseOrderValue",
    "PurchaseOrdersMade",
    "PurchaseOrdersOut",
    "RunNight",
    "Step",
    "StockMove",
    "SupplierResult",
    "balance_of_cycle",
    "demand",
    "demand_by_sku",
    "demand_is_whole",
    "forecast",
    "free_stock",
    "goods_of_cycle",
    "lock_arriving",
    "move_stock",
    "night_of",
    "nights",
    "note_arrivals",
    "note_received",
    "pace",
    "plan_night",
    "purchase_order",
    "purchase_orders",
    "set_aside",
    "size",
    "steps_lately",
    "stock_differences",
    "supplier_results",
    "take_step",
]

"""The supply room: what was ordered is bought at night, received in the morning, shared where it lacks, and sorted."""

from linli.supply.demand.events import DemandFrozen
from linli.supply.demand.queries import demand, demand_is_whole
from linli.supply.night.commands import plan_night
from linli.supply.night.queries import night_of
from linli.supply.purchase.events import PurchaseOrderSent, PurchaseOrdersMade
from linli.supply.purchase.model import PurchaseOrderValue
from linli.supply.purchase.queries import balance_of_cycle, purchase_order, purchase_orders
from linli.supply.receiving.commands import finish_receiving, receive
from linli.supply.receiving.events import GoodsReceived, ReceivingFinished
from linli.supply.receiving.model import Arrival, LotValue, SupplierResult
from linli.supply.receiving.queries import lots_of_sku, receipts, receiving_is_finished, supplier_results
from linli.supply.shortage.commands import allocate_shortages
from linli.supply.shortage.events import LineShort, ShortagesAllocated
from linli.supply.shortage.queries import short_orders_by_leader, shortages_of_line
from linli.supply.sorting.commands import plan_wave
from linli.supply.sorting.events import SortingFinished, WavePlanned
from linli.supply.sorting.model import SortedLine, ToteValue
from linli.supply.sorting.queries import sorted_lines, totes, wave
from linli.supply.stock.commands import move_stock
from linli.supply.stock.model import MovementKind, StockMove
from linli.supply.stock.queries import free_stock, stock_differences

__all__ = [
    "Arrival",
    "DemandFrozen",
    "GoodsReceived",
    "LineShort",
    "LotValue",
    "MovementKind",
    "PurchaseOrderSent",
    "PurchaseOrderValue",
    "PurchaseOrdersMade",
    "ReceivingFinished",
    "ShortagesAllocated",
    "SortedLine",
    "SortingFinished",
    "StockMove",
    "SupplierResult",
    "ToteValue",
    "WavePlanned",
    "allocate_shortages",
    "balance_of_cycle",
    "demand",
    "demand_is_whole",
    "finish_receiving",
    "free_stock",
    "lots_of_sku",
    "move_stock",
    "night_of",
    "plan_night",
    "plan_wave",
    "purchase_order",
    "purchase_orders",
    "receipts",
    "receive",
    "receiving_is_finished",
    "short_orders_by_leader",
    "shortages_of_line",
    "sorted_lines",
    "stock_differences",
    "supplier_results",
    "totes",
    "wave",
]

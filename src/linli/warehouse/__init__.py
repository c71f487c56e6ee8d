"""The warehouse: what was bought is received in the morning, shared out where it lacks, and sorted into totes."""

from linli.warehouse.receiving.commands import finish_receiving, receive
from linli.warehouse.receiving.events import GoodsReceived, ReceivingFinished
from linli.warehouse.receiving.model import Arrival, LotValue
from linli.warehouse.receiving.queries import lots_of_sku, receipts, receiving_is_finished
from linli.warehouse.shortage.commands import allocate_shortages
from linli.warehouse.shortage.events import LineShort, ShortagesAllocated
from linli.warehouse.shortage.queries import short_orders_by_leader, shortages_of_line
from linli.warehouse.sorting.commands import begin_sorting, plan_wave
from linli.warehouse.sorting.events import SortCycle, SortingFinished, WavePlanned
from linli.warehouse.sorting.model import SortedLine, ToteValue
from linli.warehouse.sorting.queries import sorted_lines, totes, wave

__all__ = [
    "Arrival",
    "GoodsReceived",
    "LineShort",
    "LotValue",
    "ReceivingFinished",
    "ShortagesAllocated",
    "SortCycle",
    "SortedLine",
    "SortingFinished",
    "ToteValue",
    "WavePlanned",
    "allocate_shortages",
    "begin_sorting",
    "finish_receiving",
    "lots_of_sku",
    "plan_wave",
    "receipts",
    "receive",
    "receiving_is_finished",
    "short_orders_by_leader",
    "shortages_of_line",
    "sorted_lines",
    "totes",
    "wave",
]

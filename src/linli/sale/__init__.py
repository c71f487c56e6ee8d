"""The sale room: 开团. What may be ordered, by whom, until when, and how much of it there is."""

from linli.sale.cycle.commands import CyclePublishedAlready, DeliveryDateRefused, advance, publish
from linli.sale.cycle.events import CycleClosed, CycleOpened, CyclePublished, CycleReopened, CycleSettled
from linli.sale.cycle.model import CycleState, CycleValue
from linli.sale.cycle.queries import NoSuchCycle, current_cycles, cycle, cycles, cycles_by_id, cycles_in
from linli.sale.cycle.rules import covers, hold_until
from linli.sale.gate.commands import close_due, close_now, open_due, open_now, reopen
from linli.sale.offer.commands import list_offer, set_floor, set_stock, withdraw
from linli.sale.offer.model import OfferValue, ShortageRule
from linli.sale.offer.queries import NoSuchOffer, offer, offers
from linli.sale.stock.commands import SoldOut, hold, open_stock, release
from linli.sale.stock.model import Taker
from linli.sale.stock.queries import holdings

__all__ = [
    "CycleClosed",
    "CycleOpened",
    "CyclePublished",
    "CyclePublishedAlready",
    "CycleReopened",
    "CycleSettled",
    "CycleState",
    "CycleValue",
    "DeliveryDateRefused",
    "NoSuchCycle",
    "NoSuchOffer",
    "OfferValue",
    "ShortageRule",
    "SoldOut",
    "Taker",
    "advance",
    "close_due",
    "close_now",
    "covers",
    "current_cycles",
    "cycle",
    "cycles",
    "cycles_by_id",
    "cycles_in",
    "hold",
    "hold_until",
    "holdings",
    "list_offer",
    "offer",
    "offers",
    "open_due",
    "open_now",
    "open_stock",
    "publish",
    "release",
    "reopen",
    "set_floor",
    "set_stock",
    "withdraw",
]

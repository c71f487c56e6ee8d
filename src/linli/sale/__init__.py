"""The sale room: 开团. What may be ordered, by whom, until when, and how much of it there is."""

from linli.sale.cycle.commands import CyclePublishedAlready, DeliveryDateRefused, advance, publish
from linli.sale.cycle.events import CycleClosed, CycleOpened, CyclePublished, CycleReopened, CycleSettled
from linli.sale.cycle.model import CycleState, CycleValue
from linli.sale.cycle.queries import NoSuchCycle, current_cycles, cycle, cycles, cycles_in
from linli.sale.cycle.rules import covers, hold_until
from linli.sale.gate.commands import close_due, close_now, open_due, open_now, reopen
from linli.sale.offer.commands import list_offer, set_stock, withdraw
from linli.sale.offer.model import OfferValue, ShortageRule
from linli.sale.offer.queries import NoSuchOffer, offer, offers
from linli.sale.stock.commands import LimitExceeded, NotHeld, OfferClosed, QuantityImpossible, SoldOut, hold, release
from linli.sale.stock.queries import counter_differences, holdings

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
    "LimitExceeded",
    "NoSuchCycle",
    "NoSuchOffer",
    "NotHeld",
    "OfferClosed",
    "OfferValue",
    "QuantityImpossible",
    "ShortageRule",
    "SoldOut",
    "advance",
    "close_due",
    "close_now",
    "counter_differences",
    "covers",
    "current_cycles",
    "cycle",
    "cycles",
    "cycles_in",
    "hold",
    "hold_until",
    "holdings",
    "list_offer",
    "offer",
    "offers",
    "open_due",
    "open_now",
    "publish",
    "release",
    "reopen",
    "set_stock",
    "withdraw",
]

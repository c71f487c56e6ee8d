"""Quotes, orders, their payment and pasted 接龙: how a member's wish becomes an order."""

from linli.ordering.chain.model import Chain, ChainUnreadable
from linli.ordering.chain.rules import decode_chain, read_chain
from linli.ordering.closing.commands import confirm_cycle, expire_holds
from linli.ordering.line.commands import mark_collected, refund_line, set_short
from linli.ordering.line.events import CollectedLine, LineRefunded, OrderCollected
from linli.ordering.line.model import HandedOver
from linli.ordering.mine.commands import list_order
from linli.ordering.order.commands import advance_orders, cancel, place
from linli.ordering.order.events import OrderCancelled, OrderPaid, OrderPlaced
from linli.ordering.order.model import DemandLine, LineValue, OrderState, OrderValue, PaidLine
from linli.ordering.order.queries import (
    OrderNotFound,
    demand,
    order,
    order_by_code,
    order_of_leader,
    order_of_line,
    order_of_member,
    orders_at_station,
    orders_by_code,
    orders_waiting,
    paid_lines,
)
from linli.ordering.paying.commands import mark_paid
from linli.ordering.paying.events import PaymentReturned
from linli.ordering.quote.queries import quote

__all__ = [
    "Chain",
    "ChainUnreadable",
    "CollectedLine",
    "DemandLine",
    "HandedOver",
    "LineRefunded",
    "LineValue",
    "OrderCancelled",
    "OrderCollected",
    "OrderNotFound",
    "OrderPaid",
    "OrderPlaced",
    "OrderState",
    "OrderValue",
    "PaidLine",
    "PaymentReturned",
    "advance_orders",
    "cancel",
    "confirm_cycle",
    "decode_chain",
    "demand",
    "expire_holds",
    "list_order",
    "mark_collected",
    "mark_paid",
    "order",
    "order_by_code",
    "order_of_leader",
    "order_of_line",
    "order_of_member",
    "orders_at_station",
    "orders_by_code",
    "orders_waiting",
    "paid_lines",
    "place",
    "quote",
    "read_chain",
    "refund_line",
    "set_short",
]

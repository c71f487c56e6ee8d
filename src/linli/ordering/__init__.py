"""Quotes, orders, their payment and pasted 接龙: how a member's wish becomes an order."""

from linli.ordering.chain.model import ChainUnreadable
from linli.ordering.chain.rules import decode_chain, read_chain
from linli.ordering.closing.commands import confirm_cycle, end_due_teams, expire_holds
from linli.ordering.line.commands import advance_cycle, mark_collected, refund_line, set_short
from linli.ordering.line.events import CollectedLine, LineRefunded, OrderCollected
from linli.ordering.line.queries import lines_to_deliver, pieces_went_back
from linli.ordering.order.commands import advance_orders, cancel, list_order
from linli.ordering.order.events import OrderCancelled, OrderPaid, OrderPlaced
from linli.ordering.order.model import AddressValue, LineValue, OrderState, OrderValue
from linli.ordering.order.queries import (
    OrderNotFound,
    addresses,
    counter_differences,
    express_orders,
    order,
    order_of_leader,
    order_of_line,
    order_of_member,
    orders_by_code,
    orders_waiting,
)
from linli.ordering.paying.commands import mark_paid
from linli.ordering.placing.commands import place, place_many
from linli.ordering.placing.model import Placement
from linli.ordering.standing.commands import begin_standing

__all__ = [
    "AddressValue",
    "ChainUnreadable",
    "CollectedLine",
    "LineRefunded",
    "LineValue",
    "OrderCancelled",
    "OrderCollected",
    "OrderNotFound",
    "OrderPaid",
    "OrderPlaced",
    "OrderState",
    "OrderValue",
    "Placement",
    "addresses",
    "advance_cycle",
    "advance_orders",
    "begin_standing",
    "cancel",
    "confirm_cycle",
    "counter_differences",
    "decode_chain",
    "end_due_teams",
    "expire_holds",
    "express_orders",
    "lines_to_deliver",
    "list_order",
    "mark_collected",
    "mark_paid",
    "order",
    "order_of_leader",
    "order_of_line",
    "order_of_member",
    "orders_by_code",
    "orders_waiting",
    "pieces_went_back",
    "place",
    "place_many",
    "read_chain",
    "refund_line",
    "set_short",
]
